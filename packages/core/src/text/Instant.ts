/**
 * Instants as people write them: `2026-01-31T12:00:00Z`, `2026-01-31`, `1769860800` or `7d`.
 *
 * @since 0.1.0
 */
import { DateTime, Duration, Option } from "effect"
import * as DurationText from "./DurationText.ts"
import * as ParsedText from "./ParsedText.ts"

/**
 * A point in time, or a duration before the latest snapshot.
 *
 * @category models
 * @since 0.1.0
 */
export type Instant =
  | { readonly _tag: "Absolute"; readonly instant: DateTime.Utc }
  | { readonly _tag: "Ago"; readonly duration: Duration.Duration }

/**
 * The instant that lies this long before the latest snapshot.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ago = (duration: Duration.Input): Instant => ({
  _tag: "Ago",
  duration: Duration.fromInputUnsafe(duration)
})

const iso = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
const sinceEpoch = /^\d{1,11}(?:\.\d{1,9})?$/
/** The largest distance from 1970 that a `Date` represents, in milliseconds. */
const maximumDistance = 8.64e15

const parseAbsolute = (text: string): Option.Option<DateTime.Utc> => {
  if (sinceEpoch.test(text)) return DateTime.make(Math.round(Number(text) * 1000))
  const day = iso.exec(text)?.[1]
  if (day === undefined) return Option.none()
  // `Date` reads 30 February as 2 March.
  const isDay = Option.exists(DateTime.make(`${day}T00:00:00Z`), (utc) => DateTime.formatIsoDateUtc(utc) === day)
  return isDay ? Option.map(DateTime.make(text), DateTime.toUtc) : Option.none()
}

/**
 * Reads an ISO 8601 instant with its offset, a day (its begin in UTC), seconds since 1970, or a duration such as `7d`,
 * which counts back from the latest snapshot. Returns undefined for any other text.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Instant | undefined => {
  const instant = parseAbsolute(text.trim())
  if (Option.isSome(instant)) return { _tag: "Absolute", instant: instant.value }
  const duration = DurationText.parse(text)
  return duration === undefined || Duration.toMillis(duration) > maximumDistance ? undefined : { _tag: "Ago", duration }
}

/**
 * The canonical text, which `parse` reads as the same instant: ISO 8601 in UTC, or a duration in one unit.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (instant: Instant): string =>
  instant._tag === "Absolute" ? DateTime.formatIso(instant.instant) : DurationText.format(instant.duration)

/**
 * Examples for messages.
 *
 * @category constants
 * @since 0.1.0
 */
export const forms = "7d, 12h, 2026-01-31 or 2026-01-31T12:00:00Z"

/**
 * An instant as people write it, decoded.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InstantText = ParsedText.make(`an instant such as ${forms}`, parse, format)

/**
 * The point in time, where the latest snapshot was taken at `latest`.
 *
 * @category getters
 * @since 0.1.0
 */
export const resolve = (instant: Instant, latest: DateTime.Utc): DateTime.Utc =>
  instant._tag === "Absolute" ? instant.instant : DateTime.subtractDuration(latest, instant.duration)
