/**
 * Constructors of flags that several commands use.
 */
import { SizeText } from "@gitlab-registry-usage/core"
import type { Schema } from "effect"
import { Argument, Flag } from "effect/cli"

/** A flag without a value; the default is off. */
export const switchFlag = (name: string) => Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false))

/** An optional flag with the path of a file. */
export const fileFlag = (name: string) => Flag.File(name).pipe(Flag.withMetavar("FILE"), Flag.optional)

/** A flag whose value is a whole number of at least `minimum`. */
export const countFlag = (name: string, minimum?: number) => {
  const flag = Flag.Int(name).pipe(Flag.withMetavar("N"))
  return minimum === undefined
    ? flag
    : Flag.filter(
        flag,
        (n) => n >= minimum,
        (n) => `${n} is less than ${minimum}`
      )
}

/** A flag whose value is a text that `schema` decodes. */
export const textFlag = <A>(name: string, metavar: string, schema: Schema.Codec<A, string>) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withSchema(schema))

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
