/**
 * Sizes in bytes.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * A number of bytes: an integer from 0 to 2^53 − 1, so that it is exact in JSON and in arithmetic.
 *
 * @category models
 * @since 0.1.0
 */
export const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Schema.brand("Bytes"))
/**
 * @category models
 * @since 0.1.0
 */
export type Bytes = typeof Bytes.Type

/**
 * Whether the value is a size: a safe, non-negative integer.
 *
 * @category guards
 * @since 0.1.0
 */
export const isBytes = (value: unknown): value is Bytes => Number.isSafeInteger(value) && (value as number) >= 0

/**
 * Brands a number of bytes that this program computed itself. A value out of range is a defect, never rounded.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (value: number): Bytes => {
  if (!isBytes(value)) throw new RangeError(`${value} is not a size in bytes (an integer from 0 to 2^53 - 1)`)
  return value
}

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
const decimal = ["B", "kB", "MB", "GB", "TB", "PB"]

/**
 * A size as a person reads it, with three significant digits: `1.50 KiB` (powers of 1024), or `1.54 kB` with
 * `decimal` (powers of 1000).
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (bytes: Bytes, options?: { readonly decimal?: boolean | undefined }): string => {
  const [base, units] = options?.decimal === true ? [1000, decimal] : [1024, binary]
  let value: number = bytes
  let unit = 0
  // What would print as 1000 or more in this unit (999.5 rounds up to it) is said in the next one.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= base
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${units[unit]}`
}
