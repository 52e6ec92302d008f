/**
 * Instants and durations as flags tell them, in the words of the server's API.
 *
 * @since 0.1.0
 */
import { DurationText } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Effect, Option, Schema, SchemaIssue, SchemaTransformation } from "effect"

/**
 * An instant, or how long before the latest snapshot.
 *
 * @category models
 * @since 0.1.0
 */
export type When =
  | { readonly _tag: "Instant"; readonly instant: DateTime.Utc }
  | { readonly _tag: "Ago"; readonly duration: Duration.Duration }

/** @category constructors @since 0.1.0 */
export const ago = (duration: Duration.Input): When => ({ _tag: "Ago", duration: Duration.fromInputUnsafe(duration) })

const iso = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
const sinceEpoch = /^\d{1,11}(?:\.\d{1,9})?$/

const instantOf = (text: string): Option.Option<DateTime.Utc> => {
  if (sinceEpoch.test(text)) return DateTime.make(Math.round(Number(text) * 1000))
  const day = iso.exec(text)?.[1]
  if (day === undefined) return Option.none()
  // A day that there is not would become another one.
  const isDay = Option.exists(DateTime.make(`${day}T00:00:00Z`), (utc) => DateTime.formatIsoDateUtc(utc) === day)
  return isDay ? Option.map(DateTime.make(text), DateTime.toUtc) : Option.none()
}

/**
 * Reads `2026-01-31T12:00:00Z`, `2026-01-31` (its begin in UTC), `1769860800` (seconds since 1970), or `7d` (so long
 * before the latest snapshot); undefined for anything else.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): When | undefined => {
  const instant = instantOf(text.trim())
  if (Option.isSome(instant)) return { _tag: "Instant", instant: instant.value }
  const duration = DurationText.parse(text)
  return duration === undefined ? undefined : { _tag: "Ago", duration }
}

/** How it is written, for messages. */
export const forms = "7d, 12h, 2026-01-31 or 2026-01-31T12:00:00Z"

/**
 * @category schemas
 * @since 0.1.0
 */
export const WhenText = Schema.String.pipe(
  Schema.decodeTo(
    Schema.Any as unknown as Schema.Codec<When>,
    SchemaTransformation.transformEffect<When, string>({
      decode: (text, options) => {
        const when = parse(text)
        return when === undefined
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected: `an instant such as ${forms}` }, text, options))
          : Effect.succeed(when)
      },
      encode: (when) => Effect.succeed(toQuery(when))
    })
  )
)

/**
 * The instant, where the latest snapshot was taken at `latest`.
 *
 * @category getters
 * @since 0.1.0
 */
export const resolve = (when: When, latest: DateTime.Utc): DateTime.Utc =>
  when._tag === "Instant" ? when.instant : DateTime.subtractDuration(latest, when.duration)

/**
 * The text that the API reads as the same.
 *
 * @category encoding
 * @since 0.1.0
 */
export const toQuery = (when: When): string =>
  when._tag === "Instant" ? DateTime.formatIso(when.instant) : `${Duration.toMillis(when.duration)}ms`

/**
 * An instant as people read it, in UTC: `2026-01-31 12:00`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const minute = (instant: DateTime.Utc): string => DateTime.formatIso(instant).slice(0, 16).replace("T", " ")
