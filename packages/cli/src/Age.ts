/**
 * Ages as people write them: `30d`, `2 weeks`, `90 days`.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Option, Schema, SchemaIssue, SchemaTransformation } from "effect"

const units: Readonly<Record<string, Duration.Unit>> = {
  m: "minutes",
  min: "minutes",
  h: "hours",
  d: "days",
  w: "weeks"
}

/**
 * The duration that the text tells, undefined where it is none.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Duration.Duration | undefined => {
  const match = /^\s*(\d+)\s*([a-z]+)\s*$/.exec(text.toLowerCase())
  if (match === null) return undefined
  const [, amount, unit = ""] = match
  if (unit === "month" || unit === "months") return Duration.days(30 * Number(amount))
  return Option.getOrUndefined(Duration.fromInput(`${Number(amount)} ${units[unit] ?? (unit as Duration.Unit)}`))
}

/**
 * @category schemas
 * @since 0.1.0
 */
export const Age = Schema.String.pipe(
  Schema.decodeTo(
    Schema.Duration,
    SchemaTransformation.transformEffect<Duration.Duration, string>({
      decode: (text, options) => {
        const duration = parse(text)
        return duration === undefined
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "an age such as 30d or 2 weeks" }, text, options))
          : Effect.succeed(duration)
      },
      encode: (duration) => Effect.succeed(Duration.format(duration))
    })
  )
)
