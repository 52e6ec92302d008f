/**
 * Sizes as people write them.
 */
import { Bytes, SizeText } from "@gitlab-registry-usage/core"
import * as Options from "./Options.ts"

/**
 * How sizes are written.
 *
 * @category options
 * @since 0.1.0
 */
export interface FormatOptions {
  /** In powers of 1000 (`1.50 kB`) instead of 1024 (`1.50 KiB`). Default `false`. */
  readonly decimal?: boolean | undefined
}

export const decimal = Options.is("a boolean", (value) => typeof value === "boolean")

const format = Options.record({ decimal })

/**
 * A number of bytes as a person reads it, with three significant digits: `1.50 KiB`. Throws `ERR_OPTION_INVALID` for what
 * is no number of bytes, a whole number from 0 to 2^53 − 1.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatSize = (bytes: number, options: FormatOptions = {}): string => {
  Options.require(options, format)
  Options.require(bytes, Options.is("a number of bytes, which is a whole number of at least 0", Bytes.isBytes), "bytes")
  return Bytes.format(Bytes.make(bytes), options)
}

/** The size of an option, and whether it is written in powers of 1000. */
export const read = (size: unknown, option: string): { readonly bytes: number; readonly decimal: boolean } => {
  const bytes = typeof size === "string" ? SizeText.parseSetting(size) : size
  if (!Bytes.isBytes(bytes)) {
    const message = size === undefined || size === "" ? `missing; give ${SizeText.forms}` : `not ${SizeText.forms}`
    throw Options.invalid({ option, message })
  }
  const unit = typeof size === "string" ? SizeText.unitOf(size) : undefined
  return { bytes, decimal: unit !== undefined && unit !== "B" && !unit.includes("i") }
}

/**
 * The bytes of a size such as `50GB` or `1.5 GiB`; a number is one of bytes. Throws `ERR_OPTION_INVALID` for what is no
 * size, and for a text of 1 to 999 without a unit: who writes `50` does not mean bytes.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parseSize = (size: string | number): number => read(size, "size").bytes
