/**
 * Sizes as people write them.
 *
 * @since 0.1.0
 */
import * as Bytes from "./Bytes.ts"
import * as ParsedText from "../text/ParsedText.ts"

/**
 * Parses a size such as `10MB`, `1.5 GiB`, `20 k` or `1024`; undefined where it is none. Units of 1000 are
 * kB, MB, GB, TB, of 1024 KiB, MiB, GiB, TiB; case does not matter, and a letter alone counts in 1024, as `ls -h` does.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Bytes.Bytes | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgtp])?(i)?(b)?|bytes?)\s*$/i.exec(text)
  if (match === null) return undefined
  const [, amount = "", letter = "", binary, byte] = match
  if (letter === "" && binary !== undefined) return undefined
  const base = binary !== undefined || byte === undefined ? 1024 : 1000
  const size = Number(amount) * base ** " kmgtp".indexOf(letter.toLowerCase() || " ")
  // A part of a byte is no size; what rounding adds to a fraction of a unit is not one either.
  return Bytes.isBytes(letter === "" ? size : Math.round(size)) ? Bytes.make(Math.round(size)) : undefined
}

/** A number that people write without a unit is hardly meant in bytes below this. */
const leastBare = 1000

/**
 * What a setting takes as a size, for messages.
 *
 * @category constants
 * @since 0.1.0
 */
export const forms = "a size such as 10MB or 1.5GiB, with its unit"

/**
 * Parses the size of a setting as `parse` does, but returns undefined for a number without a unit from 1 to 999: who writes
 * `50` does not mean bytes. `50B` is 50 bytes, and larger numbers without a unit are bytes, as programs write them.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parseSetting = (text: string): Bytes.Bytes | undefined => {
  const size = parse(text)
  const isBare = size !== undefined && size > 0 && size < leastBare && /^[\d.\s]*$/.test(text)
  return isBare ? undefined : size
}

/**
 * The size of a setting as people write it, decoded to bytes by `parseSetting`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SizeText = ParsedText.make(forms, parseSetting, (size) => `${size}B`)
