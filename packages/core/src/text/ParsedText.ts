/**
 * Schemas of values that people write as text.
 *
 * @since 0.1.0
 */
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"

/** @category options @since 0.1.0 */
export interface Options<A> {
  /** What the text should be, as the error message names it: `a size such as 10MB`. */
  readonly expected: string
  /** The value of the text; `undefined` where it has none. */
  readonly parse: (text: string) => A | undefined
  readonly format: (value: A) => string
}

/**
 * Text that is decoded to a value of the schema `to`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <To extends Schema.Top>(to: To, { expected, format, parse }: Options<To["Encoded"]>) =>
  Schema.String.pipe(
    Schema.decodeTo(
      to,
      SchemaTransformation.transformEffect<To["Encoded"], string>({
        decode: (text, options) => {
          const value = parse(text)
          return value === undefined
            ? Effect.fail(new SchemaIssue.InvalidValue({ expected }, text, options))
            : Effect.succeed(value)
        },
        encode: (value) => Effect.succeed(format(value))
      })
    )
  )
