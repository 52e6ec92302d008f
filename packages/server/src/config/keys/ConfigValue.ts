/**
 * The kinds of values that the configuration has: how the text of each is decoded, and what is accepted, in words.
 *
 * @since 0.1.0
 */
import { type Bytes, DurationText, ParsedText, SizeText } from "@gitlab-registry-usage/core"
import type { DateTime, Redacted } from "effect"
import { Duration, Option, Schema, SchemaTransformation } from "effect"
import { isNetwork } from "../../http/wire/TrustedProxies.ts"

/**
 * A kind of value. `accepts` completes the sentence "accepted: …". A secret is never shown anywhere, and may come from
 * a file of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConfigValue<out A> {
  readonly schema: Schema.ConstraintCodec<A, unknown>
  readonly accepts: string
  readonly secret: boolean
}

const value = <A>(accepts: string, schema: Schema.ConstraintCodec<A, unknown>): ConfigValue<A> => ({
  schema,
  accepts,
  secret: false
})

const matching = (pattern: RegExp) => Schema.String.check(Schema.isPattern(pattern))

/**
 * A kind of value that a pure function reads from the text; undefined means that it is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = <A>(accepts: string, parse: (text: string) => A | undefined): ConfigValue<A> =>
  value(accepts, ParsedText.make(accepts, parse, String))

/**
 * One line of text that is not empty.
 *
 * @category kinds
 * @since 0.1.0
 */
export const text: ConfigValue<string> = value("one line of text", matching(/^[^\p{Cc}]+$/u))

/**
 * A secret: one line, wrapped so that no log shows it.
 *
 * @category kinds
 * @since 0.1.0
 */
export const secret: ConfigValue<Redacted.Redacted> = {
  schema: Schema.Redacted(matching(/^[^\p{Cc}]+$/u)),
  accepts: "one line of text",
  secret: true
}

/**
 * The path of a file.
 *
 * @category kinds
 * @since 0.1.0
 */
export const path: ConfigValue<string> = value("the path of a file", matching(/^[^\p{Cc}]+$/u))

const booleans = new Map<string, boolean>([
  ...["true", "yes", "on", "t", "y", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "f", "n", "0"].map((word) => [word, false] as const)
])

/**
 * Yes or no; the original's spellings are among them.
 *
 * @category kinds
 * @since 0.1.0
 */
export const boolean: ConfigValue<boolean> = read("yes or no (also true/false, on/off, t/f, y/n, 1/0)", (text) =>
  booleans.get(text.toLowerCase())
)

/**
 * A whole number in the range, written in decimal digits.
 *
 * @category kinds
 * @since 0.1.0
 */
export const integer = (minimum: number, maximum: number): ConfigValue<number> =>
  read(`a whole number from ${minimum} to ${maximum}`, (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return number >= minimum && number <= maximum ? number : undefined
  })

/**
 * A share of a whole, from 0 to 1.
 *
 * @category kinds
 * @since 0.1.0
 */
export const share: ConfigValue<number> = read("a share from 0 to 1 such as 0.1", (text) =>
  /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text) ? Number(text) : undefined
)

/**
 * One of the words; case does not matter.
 *
 * @category kinds
 * @since 0.1.0
 */
export const oneOf = <const Word extends string>(...words: ReadonlyArray<Word>): ConfigValue<Word> =>
  read(`one of ${words.join(", ")}`, (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()))

/**
 * A duration of at least the given one.
 *
 * @category kinds
 * @since 0.1.0
 */
export const duration = (minimum: Duration.Input): ConfigValue<Duration.Duration> => {
  const least = Duration.fromInputUnsafe(minimum)
  const bound = Duration.isZero(least) ? "" : `, at least ${Duration.format(least)}`
  return value(
    `a duration such as 2 weeks, 1 week, 3 days, 1h30m or 90s${bound}`,
    DurationText.DurationText.check(
      Schema.makeFilter((duration: Duration.Duration) => Duration.isGreaterThanOrEqualTo(duration, least))
    )
  )
}

/**
 * A number of bytes.
 *
 * @category kinds
 * @since 0.1.0
 */
export const size: ConfigValue<Bytes.Bytes> = value("a size such as 500GB, 2TB or 1.5 TiB", SizeText.SizeText)

/**
 * The URL of a service: http or https, without credentials, query and fragment, which have no business there.
 *
 * @category kinds
 * @since 0.1.0
 */
export const url: ConfigValue<URL> = read("an http or https URL without user name, password, ? and #", (text) => {
  if (!/^https?:\/\/[^\s\\?#@]+$/i.test(text)) return undefined
  return Option.getOrUndefined(Option.liftThrowable((text: string) => new URL(text))(text))
})

/**
 * The path that a server is mounted at, with a leading and without a trailing slash; the root is the empty string.
 *
 * @category kinds
 * @since 0.1.0
 */
export const prefix: ConfigValue<string> = read("a URL path such as / or /usage", (text) => {
  const path = text.replaceAll(/^\/+|\/+$/g, "")
  if (path === "") return ""
  const segment = /^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]+$/
  return path.split("/").every((part) => segment.test(part)) ? `/${path}` : undefined
})

/**
 * A point in time, to the second or finer.
 *
 * @category kinds
 * @since 0.1.0
 */
export const instant: ConfigValue<DateTime.Utc> = value(
  "a time in UTC such as 2026-01-31T12:00:00Z",
  matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/).pipe(
    Schema.decodeTo(Schema.DateTimeUtcFromString, SchemaTransformation.passthrough())
  )
)

/**
 * The parts of a list that are not empty.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parts = (text: string, separator: RegExp): ReadonlyArray<string> =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "")

/**
 * Paths of files, at least one.
 *
 * @category kinds
 * @since 0.1.0
 */
export const paths: ConfigValue<ReadonlyArray<string>> = read(
  "the path of a file, or several separated by commas",
  (text) => {
    const paths = parts(text, /[,\n]/)
    return paths.length > 0 ? paths : undefined
  }
)

/**
 * Which origins' pages may call the API: every one (`*`), or those listed (RFC 6454, as browsers send them).
 *
 * @category kinds
 * @since 0.1.0
 */
export const origins: ConfigValue<ReadonlyArray<string>> = read(
  "* or a list of origins such as https://pages.example.com, separated by commas",
  (text) => {
    if (text === "*") return ["*"]
    const items = parts(text, /[,\n]/)
    const isOrigin = (item: string) =>
      Option.exists(Option.liftThrowable((item: string) => new URL(item).origin)(item), (origin) => origin === item)
    return items.every(isOrigin) ? items : undefined
  }
)

/**
 * Addresses and networks; may be empty.
 *
 * @category kinds
 * @since 0.1.0
 */
export const networks: ConfigValue<ReadonlyArray<string>> = read(
  "addresses and networks such as 10.0.0.0/8, separated by commas, or nothing",
  (text) => {
    const items = parts(text, /[,\n]/)
    return items.every(isNetwork) ? items : undefined
  }
)
