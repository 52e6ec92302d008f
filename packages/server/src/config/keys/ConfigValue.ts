/** The kinds of values: how each is decoded from text, and a description of the accepted texts. */
import { DurationText, SizeText } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Option, Redacted } from "effect"
import { isNetwork } from "../../http/wire/TrustedProxies.ts"

/**
 * A kind of value. `decode` returns undefined for a text that is not valid. `accepts` completes the sentence
 * "accepted: …". A secret is never printed, and may come from a file of its own.
 */
export interface ConfigValue<out A> {
  readonly accepts: string
  readonly decode: (text: string) => A | undefined
  readonly secret: boolean
}

export const value = <A>(accepts: string, decode: (text: string) => A | undefined): ConfigValue<A> => ({
  accepts,
  decode,
  secret: false
})

/** A text without any decoding. */
export const textWhere = (accepts: string, isValid: (text: string) => boolean): ConfigValue<string> =>
  value(accepts, (text) => (isValid(text) ? text : undefined))

/** At least `minimum` items; `separator` separates them, and empty ones are dropped. */
export const list = (
  accepts: string,
  minimum: number,
  isItem: (item: string) => boolean,
  separator = /[,\n]/
): ConfigValue<ReadonlyArray<string>> =>
  value(accepts, (text) => {
    const items = text.split(separator).flatMap((item) => item.trim() || [])
    return items.length >= minimum && items.every(isItem) ? items : undefined
  })

/** Whether the text is one line that is not empty. */
export const isLine = (text: string): boolean => /^[^\p{Cc}]+$/u.test(text)

export const text = textWhere("one line of text", isLine)

export const path = textWhere("the path of a file", isLine)

/** A secret is one line, wrapped so that no log shows it. */
export const secretWhere = (accepts: string): ConfigValue<Redacted.Redacted> => ({
  accepts,
  decode: (text) => (isLine(text) ? Redacted.make(text) : undefined),
  secret: true
})

export const secret = secretWhere(text.accepts)

/** Yes or no; the original's spellings are among them. */
export const boolean = value("yes or no (also true/false, on/off, t/f, y/n, 1/0)", (text) =>
  /^(?:true|yes|on|t|y|1)$/i.test(text) ? true : /^(?:false|no|off|f|n|0)$/i.test(text) ? false : undefined
)

/** A whole number in the range, written in decimal digits. */
export const integer = (minimum: number, maximum: number): ConfigValue<number> =>
  value(`a whole number from ${minimum} to ${maximum}`, (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return number >= minimum && number <= maximum ? number : undefined
  })

/** A share of a whole, from 0 to 1. */
export const share = value("a share from 0 to 1 such as 0.1", (text) =>
  /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text) ? Number(text) : undefined
)

/** One of the words; case does not matter. */
export const oneOf = <const Word extends string>(...words: ReadonlyArray<Word>): ConfigValue<Word> =>
  value(`one of ${words.join(", ")}`, (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()))

/** A duration of at least `minimum`. */
export const duration = (minimum: Duration.Input): ConfigValue<Duration.Duration> => {
  const least = Duration.fromInputUnsafe(minimum)
  const bound = Duration.isZero(least) ? "" : `, at least ${Duration.format(least)}`
  return value(`a duration such as 2 weeks, 1 week, 3 days, 1h30m or 90s${bound}`, (text) => {
    const duration = DurationText.parse(text)
    return duration !== undefined && Duration.isGreaterThanOrEqualTo(duration, least) ? duration : undefined
  })
}

/** A number of bytes, and the unit in which it is written. */
export const size = value(SizeText.forms, (text) => {
  const bytes = SizeText.parseSetting(text)
  return bytes === undefined ? undefined : { bytes, unit: SizeText.unitOf(text) }
})

/** The URL of a service: http or https, without credentials, query and fragment. */
export const url = value("an http or https URL without user name, password, ? and #", (text) =>
  /^https?:\/\/[^\s\\?#@]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
)

/** The path that a server is mounted at, with a leading and without a trailing slash; the root is the empty string. */
export const prefix = value("a URL path such as / or /usage", (text) => {
  const path = text.replaceAll(/^\/+|\/+$/g, "")
  if (path === "") return ""
  const segment = /^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]+$/
  return path.split("/").every((part) => segment.test(part)) ? `/${path}` : undefined
})

/** A point in time, to the second or finer. */
export const instant = value("a time in UTC such as 2026-01-31T12:00:00Z", (text) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) ? Option.getOrUndefined(DateTime.make(text)) : undefined
)

/** The paths of files, at least one. */
export const paths = list("the path of a file, or several separated by commas", 1, () => true)

const originList = list(
  "* or a list of origins such as https://pages.example.com, separated by commas",
  0,
  (item) => URL.canParse(item) && new URL(item).origin === item
)

/** The origins whose pages may call the API: all (`*`), or those listed (RFC 6454, as browsers send them). */
export const origins = value(originList.accepts, (text) => (text === "*" ? ["*"] : originList.decode(text)))

/** Addresses and networks; may be empty. */
export const networks = list("addresses and networks such as 10.0.0.0/8, separated by commas, or nothing", 0, isNetwork)
