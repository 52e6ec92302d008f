/**
 * The query parameters. Each is defined here once, as the Schema that decodes its text. OpenAPI describes the decoded
 * values.
 */
import { DurationText, Growth, Instant, Listing, ParsedText } from "@gitlab-registry-usage/core"
import { Duration, type JsonSchema, Record, Result, Schema } from "effect"
import { badRequest, type Problem } from "../wire/Problem.ts"

/** A parameter: the Schema of its text, the Schema of its value, and a description of what it takes. */
interface Parameter<A> {
  readonly schema: Schema.Codec<A, string>
  readonly values: Schema.Constraint
  readonly takes: string
}

const parameter = <A>(
  values: Schema.Constraint,
  takes: string,
  parse: (text: string) => A | undefined
): Parameter<A> => ({ schema: ParsedText.make(takes, parse, String), values, takes })

/** What the parameters of growth are if a request does not name them. */
export const defaults = { by: "new_bytes", of: "images", limit: 20 } as const

/** The documentation of a parameter. */
type Documentation<A> = { readonly description: string; readonly default?: A }

const wholeNumber = (maximum: number, documentation: Documentation<number>): Parameter<number> => {
  const values = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))
  return parameter(values.annotate(documentation), `a whole number from 1 to ${maximum}`, (text) =>
    /^[0-9]{1,7}$/.test(text) && Schema.is(values)(Number(text)) ? Number(text) : undefined
  )
}

const oneOf = <const A extends string>(values: ReadonlyArray<A>, documentation: Documentation<A>): Parameter<A> =>
  parameter(Schema.Literals(values).annotate(documentation), `one of ${values.join(", ")}`, (text) =>
    values.find((value) => value === text)
  )

const instant = (description: string): Parameter<Instant.Instant> =>
  parameter(
    Schema.String.annotate({ description, examples: ["2026-01-31T12:00:00Z", "2026-01-31", "1769860800", "7d"] }),
    "an instant such as 2026-01-31T12:00:00Z, 2026-01-31 or 1769860800 (seconds since 1970), or how long before the latest snapshot, such as 7d or 12h",
    // A plus sign that was not percent-encoded arrives as a space.
    (text) => Instant.parse(text.replace(/ (?=\d{2}:\d{2}$)/, "+"))
  )

const yes = new Set(["true", "yes", "y", "t"])
const no = new Set(["false", "no", "n", "f", "0"])

const flag = (text: string): boolean | undefined => {
  const word = text.toLowerCase()
  return yes.has(word) ? true : no.has(word) ? false : undefined
}

const maximumFilterLength = 256
const maximumStep = Duration.days(3660)

const filter = Schema.String.check(Schema.isMaxLength(maximumFilterLength))

const parameters = {
  embed: parameter(
    Schema.Union([Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)), Schema.Boolean]).annotate({
      description: "How many levels of resources to embed; true embeds all. Default: 1 with page_size or limit, else 0",
      examples: [1, true]
    }),
    "a depth (0, 1, 2, …) or true, yes, y, t, false, no",
    (text) => {
      const all = flag(text)
      if (all !== undefined) return all ? Infinity : 0
      return /^[0-9]+$/.test(text) ? Number(text) : undefined
    }
  ),
  links: parameter(
    Schema.Boolean.annotate({ description: "Whether resources have links. Default: true for /, else false" }),
    "true, yes, y, t, 1, false, no or 0",
    (text) => (text === "1" ? true : flag(text))
  ),
  at: instant(
    "Shows the last snapshot at this instant or before it. Needs a store that keeps history. Default: the latest snapshot"
  ),
  sort: oneOf(Listing.sorts, {
    description:
      "What the list is sorted by; with a minus sign, the largest comes first. Default: the order of the registry"
  }),
  filter: parameter(
    filter.annotate({
      description: "A part of the name in any case; with ^ before it, the beginning of the name. Default: every name",
      examples: ["app", "^group/"]
    }),
    `at most ${maximumFilterLength} characters`,
    (text) => (Schema.is(filter)(text) ? text : undefined)
  ),
  min_tags: wholeNumber(1_000_000, {
    description: "Lists the images with at least this many tags, and those that cannot be read. Default: all images"
  }),
  page_size: wholeNumber(1000, {
    description:
      "How many items a page has. The page embeds them, and its header Link leads to the other pages. Default: one page has every item, and embed=1 embeds them"
  }),
  cursor: parameter(
    Schema.String.annotate({
      description: "The page, as the links first, prev and next name it. Default: the first page"
    }),
    "what a link to another page has, unaltered",
    Listing.decodeCursor
  ),
  from: instant("The begin of the period. Default: 30d for time series, 7d for growth"),
  to: instant("The end of the period. Default: the latest snapshot"),
  step: parameter(
    Schema.String.annotate({
      description:
        "The last snapshot of each step of this length (UTC); 0 for every snapshot, up to 5000. Default: a step that gives at most 500",
      examples: ["1h", "1d", "0"]
    }),
    "a duration such as 1h or 1d, or 0 for every snapshot",
    (text) => {
      const step = text === "0" ? Duration.zero : DurationText.parse(text)
      return step === undefined || Duration.isGreaterThan(step, maximumStep) ? undefined : step
    }
  ),
  by: oneOf(Growth.measures, {
    description: "What growth is measured by; with new_bytes, the sizes are those on disk",
    default: defaults.by
  }),
  of: oneOf(Growth.entityKinds, { description: "What is compared", default: defaults.of }),
  limit: wholeNumber(1000, {
    description: "How many items the list has at most. If it is given, the response embeds them",
    default: defaults.limit
  })
}

type Parameters = typeof parameters
type Name = keyof Parameters

/** A decoded query: the value of each parameter of the request. */
export type Query = {
  readonly [K in Name]?: Parameters[K]["schema"]["Type"] | undefined
}

/** The Schema of a query that has these parameters, all optional. */
export const queryOf = <const Names extends ReadonlyArray<Name>>(...names: Names) =>
  Record.fromIterableWith(names, (name): [Names[number], Schema.optionalKey<Schema.Codec<unknown, string>>] => [
    name,
    Schema.optionalKey(parameters[name].schema as Schema.Codec<unknown, string>)
  ])

const isName = (name: string): name is Name => Object.hasOwn(parameters, name)

/**
 * Decodes every parameter of this API, also those that the resource does not use; unknown parameters are ignored. An
 * empty value counts as absent. Fails with 400 for a repeated parameter and for an invalid value.
 */
export const decode = (query: URLSearchParams): Result.Result<Query, Problem> => {
  const decoded: { [K in Name]?: unknown } = {}
  for (const name of query.keys()) {
    if (!isName(name)) continue
    const [text = "", ...more] = query.getAll(name)
    if (more.length > 0) return Result.fail(badRequest(`the parameter ${name} is given ${more.length + 1} times`))
    if (text === "") continue
    const { schema, takes } = parameters[name]
    const value = Schema.decodeUnknownResult(schema as Schema.Codec<unknown, string>)(text)
    if (Result.isFailure(value)) return Result.fail(badRequest(`${name} takes ${takes}`))
    decoded[name] = value.success
  }
  return Result.succeed(decoded as Query)
}

/** The parameters of rendering: like the original, every resource accepts them. */
const everywhere: ReadonlyArray<string> = ["embed", "links"] satisfies ReadonlyArray<Name>

/** Fails with 400 for a parameter of this API that means nothing for the resource, whose query has the `names`. */
export const checkMeaning = (query: Query, names: ReadonlyArray<string>): Result.Result<void, Problem> => {
  const foreign = Object.keys(query).find((name) => !names.includes(name) && !everywhere.includes(name))
  return foreign === undefined
    ? Result.succeed(undefined)
    : Result.fail(badRequest(`${foreign} means nothing for this resource`))
}

/** Parameters in OpenAPI, by their names: the Schema of the value, and a description that says what it takes. */
export const documented: Readonly<Record<string, JsonSchema.JsonSchema>> = Record.map(
  parameters,
  ({ takes, values }) => {
    const { schema } = Schema.toJsonSchemaDocument(values)
    return { ...schema, description: `${schema["description"]}. It takes ${takes}` }
  }
)
