/** Instants and durations, as the parameters of a query write them. */
import { DurationText } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Option } from "effect"

/** An instant of the calendar, or a duration back from the latest snapshot. */
export type Instant = DateTime.Utc | Duration.Duration

const iso = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
const sinceEpoch = /^\d{1,11}(?:\.\d{1,9})?$/

/** The instants that a date can hold lie within this duration of 1970 (ECMAScript, "Time Values and Time Range"). */
const longest = Duration.days(100_000_000)

/** An instant of the calendar. A day that does not exist, such as February 30, is none. */
const parseCalendar = (text: string): Option.Option<DateTime.Utc> => {
  if (sinceEpoch.test(text)) return DateTime.make(Math.round(Number(text) * 1000))
  // A plus sign that was not encoded has become a space.
  const plain = text.replace(" ", "+")
  const day = iso.exec(plain)?.[1]
  if (day === undefined) return Option.none()
  const isDay = Option.exists(DateTime.make(`${day}T00:00:00Z`), (utc) => DateTime.formatIsoDateUtc(utc) === day)
  return isDay ? Option.map(DateTime.make(plain), DateTime.toUtc) : Option.none()
}

/** Reads ISO 8601, seconds since 1970, or a duration such as `7d`; `undefined` for anything else. */
export const parse = (text: string): Instant | undefined => {
  const instant = parseCalendar(text)
  if (Option.isSome(instant)) return instant.value
  const duration = DurationText.parse(text)
  return duration !== undefined && Duration.isLessThanOrEqualTo(duration, longest) ? duration : undefined
}

/** The instant itself, where a duration counts back from `latest`. */
export const resolve = (instant: Instant, latest: DateTime.Utc): DateTime.Utc =>
  Duration.isDuration(instant) ? DateTime.subtractDuration(latest, instant) : instant

const units = [
  ["d", Duration.toMillis("1 day")],
  ["h", Duration.toMillis("1 hour")],
  ["m", Duration.toMillis("1 minute")],
  ["s", 1000]
] as const

/** A duration in the largest unit that needs no fraction, such as `36h`. */
export const formatDuration = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis === 0) return "0"
  const [unit, length] = units.find(([, length]) => millis % length === 0) ?? ["ms", 1]
  return `${millis / length}${unit}`
}

/** The text that `parse` reads as this instant. A duration stays one, so that a link keeps its meaning. */
export const format = (instant: Instant): string =>
  Duration.isDuration(instant) ? formatDuration(instant) : DateTime.formatIso(instant)
