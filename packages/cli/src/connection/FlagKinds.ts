/**
 * Kinds of flags that several commands have.
 *
 * @since 0.1.0
 */
import { SizeText } from "@gitlab-registry-usage/core"
import { Flag } from "effect/cli"

/**
 * A flag without a value, off unless it is given.
 *
 * @category flags
 * @since 0.1.0
 */
export const switchFlag = (name: string) => Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false))

/**
 * A flag that may name a file to read.
 *
 * @category flags
 * @since 0.1.0
 */
export const fileFlag = (name: string) => Flag.File(name).pipe(Flag.withMetavar("FILE"), Flag.optional)

/**
 * A flag whose value is a size such as `10MB` or `1.5 GiB`.
 *
 * @category flags
 * @since 0.1.0
 */
export const sizeFlag = (name: string) =>
  Flag.String(name).pipe(Flag.withMetavar("SIZE"), Flag.withSchema(SizeText.SizeText))
