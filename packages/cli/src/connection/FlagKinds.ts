/**
 * Constructors of flags that several commands use.
 */
import { IssueText, ParsedText, SizeText } from "@gitlab-registry-usage/core"
import { Effect, Schema } from "effect"
import { Argument, CliError, Flag } from "effect/cli"

/** A flag without a value; the default is off. */
export const switchFlag = (name: string) => Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false))

/** An optional flag with the path of a file. */
export const fileFlag = (name: string) => Flag.File(name).pipe(Flag.withMetavar("FILE"), Flag.optional)

/** A flag whose value is a text that `schema` decodes. `Flag.withSchema` would put `Schema validation failed` before its message. */
export const textFlag = <A>(name: string, metavar: string, schema: Schema.Codec<A, string>) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.mapEffect((value) =>
      Effect.mapError(
        decode(value),
        ({ issue }) =>
          new CliError.InvalidValue({
            option: name,
            value,
            expected: IssueText.problemsText(issue).replace(/^expected /, ""),
            kind: "flag"
          })
      )
    )
  )
}

/** A flag whose value is a whole number from `minimum`, at the most `maximum`. */
export const countFlag = (name: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER, metavar = "N") => {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
  const parse = (text: string) => {
    const n = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    return n >= minimum && n <= maximum ? n : undefined
  }
  return textFlag(name, metavar, ParsedText.make(`a whole number ${range}`, parse, String))
}

/** A flag whose value is a size such as `10MB` or `1.5 GiB`. */
export const sizeFlag = (name: string) => textFlag(name, "SIZE", SizeText.SizeText)

/** Permits names and patterns that match no repository. */
export const allowEmptyFlag = switchFlag("allow-empty").pipe(
  Flag.withDescription("Accept a name or pattern that matches no repository")
)

/** Names or globs that choose repositories; without any, all are chosen. */
export const repositoriesArgument = Argument.String("repository").pipe(
  Argument.withDescription("Names or globs such as 'group/**'"),
  Argument.variadic()
)
