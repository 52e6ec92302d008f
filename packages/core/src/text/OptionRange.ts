/**
 * The ranges of numeric options. With a number out of its range a program would wait forever or give up at once, so each
 * constructor refuses it: a mistake of the program is a defect, with a message that names the option.
 *
 * @since 0.1.0
 */
import { Duration, Option } from "effect"

/**
 * The numbers that an option takes: `expected` says which, for messages.
 *
 * @category models
 * @since 0.1.0
 */
export interface Range {
  readonly expected: string
  readonly contains: (value: unknown) => boolean
}

/**
 * Whole numbers from `least` to `most`. Without `most` there is no limit, and `Infinity` is one of them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const whole = (least: number, most: number = Number.POSITIVE_INFINITY): Range => ({
  expected: Number.isFinite(most)
    ? `a whole number from ${least} to ${most}`
    : `a whole number of at least ${least}, or Infinity`,
  contains: (value) =>
    typeof value === "number" && value >= least && value <= most && (value === most || Number.isSafeInteger(value))
})

/**
 * Requests at once. More than these no registry answers sooner, and each takes memory.
 *
 * @category constants
 * @since 0.1.0
 */
export const concurrency: Range = whole(1, 10_000)

/**
 * A part of 1.
 *
 * @category constants
 * @since 0.1.0
 */
export const share: Range = {
  expected: "a number from 0 to 1",
  contains: (value) => typeof value === "number" && value >= 0 && value <= 1
}

const millisOf = (value: unknown): number =>
  typeof value === "number"
    ? value
    : Option.match(Duration.fromInput(value as Duration.Input), { onNone: () => Number.NaN, onSome: Duration.toMillis })

/**
 * Durations above 0, as numbers in milliseconds or as any input of effect's `Duration`.
 *
 * @category constants
 * @since 0.1.0
 */
export const time: Range = {
  expected: "a duration above 0, such as 30 seconds (a number is milliseconds)",
  contains: (value) => millisOf(value) > 0
}

/**
 * Durations of 0 and above.
 *
 * @category constants
 * @since 0.1.0
 */
export const pause: Range = {
  expected: "a duration of at least 0, such as 30 seconds (a number is milliseconds)",
  contains: (value) => millisOf(value) >= 0
}

/** A text may be a secret in the wrong place. */
const shown = (value: unknown): string => (typeof value === "number" ? `${value}` : `this ${typeof value}`)

/**
 * What is wrong with a value, undefined where it is in the range.
 *
 * @category checking
 * @since 0.1.0
 */
export const problem = (value: unknown, range: Range): string | undefined =>
  range.contains(value) ? undefined : `${shown(value)} is not ${range.expected}`

/**
 * Checks the options of `owner`, each with its range. An option that is undefined has its default. Throws a `RangeError`
 * that names every option out of its range.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (owner: string, options: Readonly<Record<string, readonly [value: unknown, range: Range]>>) => {
  const problems = Object.entries(options).flatMap(([name, [value, range]]) => {
    const found = value === undefined ? undefined : problem(value, range)
    return found === undefined ? [] : [`${name}: ${found}`]
  })
  if (problems.length > 0) throw new RangeError(`${owner}: ${problems.join("; ")}`)
}
