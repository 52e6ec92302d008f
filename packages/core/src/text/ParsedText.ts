/**
 * Schemas of values that people write as text.
 *
 * @since 0.1.0
 */
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"

const isParsed = <A>(value: unknown): value is A => value !== undefined

/**
 * A schema that decodes text to what `parse` returns. Where that is undefined, decoding fails with `expected`, a name
 * with an example, such as `a size such as 10MB`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(
  expected: string,
  parse: (text: string) => A | undefined,
  format: (value: A) => string
): Schema.Codec<A, string> =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.declare(isParsed<A>),
      SchemaTransformation.transformEffect<A, string>({
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
