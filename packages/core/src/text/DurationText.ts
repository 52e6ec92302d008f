/**
 * Durations as people write them: `1h30m`, `2 weeks`, `90 days`.
 *
 * @since 0.1.0
 */
import { Duration, Schema } from "effect"
import * as ParsedText from "./ParsedText.ts"

const grammar = /^(?:\d+\s*[a-z]+)(?:(?:\s*,\s*|\s+|)\d+\s*[a-z]+)*$/
const part = /(\d+)\s*([a-z]+)/g

/** The names of each unit, and its milliseconds. */
const units: ReadonlyArray<readonly [names: ReadonlyArray<string>, millis: number]> = [
  [["ms", "milli", "millis", "millisecond", "milliseconds"], 1],
  [["s", "second", "seconds"], 1000],
  [["m", "min", "minute", "minutes"], 60_000],
  [["h", "hour", "hours"], 3_600_000],
  [["d", "day", "days"], 86_400_000],
  [["w", "week", "weeks"], 604_800_000],
  // As GitLab counts the ages of its cleanup policies.
  [["month", "months"], 30 * 86_400_000]
]

/**
 * Parses a duration, the sum of its parts: `2 weeks`, `1 week, 3 days`, `90s`, `1h30m`; or undefined
 * where it is none. Each part is a whole number and one of the units ms, s, m, h, d, w or their names, where a
 * month has 30 days; case does not matter.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Duration.Duration | undefined => {
  const lower = text.trim().toLowerCase()
  if (!grammar.test(lower)) return undefined
  let sum = 0
  for (const [, amount, name] of lower.matchAll(part)) {
    const unit = units.find(([names]) => names.includes(name!))
    if (unit === undefined) return undefined
    sum += Number(amount) * unit[1]
  }
  return Number.isSafeInteger(sum) ? Duration.millis(sum) : undefined
}

/**
 * A duration as people write it, decoded to the duration.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DurationText = ParsedText.make(Schema.Duration, {
  expected: "a duration such as 1h30m",
  parse,
  format: Duration.format
})
