/**
 * Instants and durations as queries tell them.
 *
 * @since 0.1.0
 */
import { DurationText } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Option, Result } from "effect"
import { badRequest, type Problem } from "../wire/Problem.ts"

/**
 * An instant, and the one text that asks for it again: what is so long ago stays so.
 *
 * @category models
 * @since 0.1.0
 */
export interface Asked {
  readonly instant: DateTime.Utc
  readonly text: string
}

const iso = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
const sinceEpoch = /^\d{1,11}(?:\.\d{1,9})?$/

const malformed = (name: string) =>
  badRequest(
    `${name} takes an instant such as 2026-01-31T12:00:00Z, 2026-01-31 or 1769860800 (seconds since 1970), or how long before the latest snapshot, such as 7d or 12h`
  )

/** What the text says of the calendar, but no day that there is not. */
const written = (text: string): Option.Option<DateTime.Utc> => {
  if (sinceEpoch.test(text)) return DateTime.make(Math.round(Number(text) * 1000))
  // A plus sign that was not encoded has become a space.
  const plain = text.replace(" ", "+")
  const day = iso.exec(plain)?.[1]
  if (day === undefined) return Option.none()
  const isDay = Option.exists(DateTime.make(`${day}T00:00:00Z`), (utc) => DateTime.formatIsoDateUtc(utc) === day)
  return isDay ? Option.map(DateTime.make(plain), DateTime.toUtc) : Option.none()
}

const units = [
  ["d", Duration.toMillis("1 day")],
  ["h", Duration.toMillis("1 hour")],
  ["m", Duration.toMillis("1 minute")],
  ["s", 1000]
] as const

/**
 * A duration in one unit, such as `36h`: the largest that tells it in whole numbers.
 *
 * @category formatting
 * @since 0.1.0
 */
export const durationText = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis === 0) return "0"
  const [unit, length] = units.find(([, length]) => millis % length === 0) ?? ["ms", 1]
  return `${millis / length}${unit}`
}

/**
 * Reads an instant, counted back from `latest` where it says how long ago it was. Fails with 400 for anything else.
 *
 * @category decoding
 * @since 0.1.0
 */
export const asked = (name: string, text: string, latest: DateTime.Utc): Result.Result<Asked, Problem> => {
  const instant = written(text)
  if (Option.isSome(instant)) {
    return Result.succeed({ instant: instant.value, text: DateTime.formatIso(instant.value) })
  }
  const ago = DurationText.parse(text)
  const before =
    ago === undefined ? Option.none() : DateTime.make(DateTime.toEpochMillis(latest) - Duration.toMillis(ago))
  return ago === undefined || Option.isNone(before)
    ? Result.fail(malformed(name))
    : Result.succeed({ instant: before.value, text: durationText(ago) })
}
