/**
 * Sizes as people write them.
 *
 * @since 0.1.0
 */
import * as Bytes from "./Bytes.ts"
import * as ParsedText from "../text/ParsedText.ts"

/** The size and its unit, in which a letter counts in 1024 or in 1000. */
const read = (text: string): { readonly size: number; readonly unit: string } | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgtp])?(i)?(b)?|bytes?)\s*$/i.exec(text)
  if (match === null) return undefined
  const [, amount = "", letter = "", binary, byte] = match
  if (letter === "") return binary === undefined ? { size: Number(amount), unit: "B" } : undefined
  const isBinary = binary !== undefined || byte === undefined
  const exponent = "kmgtp".indexOf(letter.toLowerCase()) + 1
  // What rounding adds to a fraction of a unit is not a part of a byte.
  const size = Math.round(Number(amount) * (isBinary ? 1024 : 1000) ** exponent)
  const prefix = isBinary ? `${letter.toUpperCase()}i` : exponent === 1 ? "k" : letter.toUpperCase()
  return { size, unit: `${prefix}B` }
}

/**
 * Parses a size such as `10MB`, `1.5 GiB`, `20 k` or `1024`; undefined where it is none. Units of 1000 are
 * kB, MB, GB, TB, of 1024 KiB, MiB, GiB, TiB; case does not matter, and a letter alone counts in 1024, as `ls -h` does.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Bytes.Bytes | undefined => {
  const size = read(text)?.size
  return Bytes.isBytes(size) ? size : undefined
}

/** A number that people write without a unit is hardly meant in bytes below this. */
const leastBare = 1000

/**
 * The unit in which a size is written, as `Bytes.format` spells it: `MB` for `10 mb`, `KiB` for `20 k`, `B` for `1024`;
 * undefined where the text is no size.
 *
 * @category parsing
 * @since 0.1.0
 */
export const unitOf = (text: string): string | undefined => (parse(text) === undefined ? undefined : read(text)?.unit)

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
