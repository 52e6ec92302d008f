/**
 * Checks of options, so that a mistake is refused at once, before any request.
 */
import { OptionRange, Suggestion } from "@gitlab-registry-usage/core"
import { RegistryUsageError } from "./RegistryUsageError.ts"

interface Problem {
  readonly option: string
  readonly message: string
}

/** Returns what is wrong with a value. The message does not hold the value, which may be a secret in the wrong place. */
export type Check = (value: unknown, option: string) => Problem | undefined

/** Values for which `holds`. */
export const is =
  (expected: string, holds: (value: unknown) => boolean): Check =>
  (value, option) =>
    holds(value) ? undefined : { option, message: `not ${expected}` }

/** Numbers within an `OptionRange`. The declarations of this package import nothing, so its type is repeated. */
export const number =
  (range: { readonly expected: string; readonly contains: (value: unknown) => boolean }): Check =>
  (value, option) => {
    const message = typeof value === "number" ? OptionRange.problem(value, range) : `not ${range.expected}`
    return message === undefined ? undefined : { option, message }
  }

/** One of these texts. */
export const oneOf = (...texts: ReadonlyArray<string>): Check =>
  is(
    texts.map((text) => JSON.stringify(text)).join(" or "),
    (value) => typeof value === "string" && texts.includes(value)
  )

/** Texts of one line. A token that was read from a file often has the end of the line. */
export const line = is("a text of one line that is not empty", (value) => {
  return typeof value === "string" && value.trim() !== "" && !/[\r\n]/.test(value)
})

export const callback = is("a function", (value) => typeof value === "function")

/** Addresses with http or https, without user and password. */
export const url: Check = (value, option) => {
  const text = value instanceof URL ? value.href : value
  const parsed = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined
  if (parsed === undefined || !/^https?:\/\//i.test(`${text as string}`.trim())) {
    return { option, message: "not a URL that begins with https:// or http://" }
  }
  return parsed.username === "" && parsed.password === ""
    ? undefined
    : { option, message: "a URL with a user or password; give them as credentials" }
}

/** Lists of such values. */
export const listOf =
  (expected: string, check: Check): Check =>
  (value, option) =>
    Array.isArray(value) && value.length > 0
      ? value.map((entry: unknown, at) => check(entry, `${option}[${at}]`)).find((problem) => problem !== undefined)
      : { option, message: `not ${expected}` }

/** Objects with these keys and no others. A key that is undefined is not there. */
export const record =
  (checks: Readonly<Record<string, Check>>, required: ReadonlyArray<string> = []): Check =>
  (value, option) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { option, message: "not an object" }
    const values = value as Readonly<Record<string, unknown>>
    const nameOf = (key: string) => (option === "options" ? key : `${option}.${key}`)
    for (const key of Object.keys(values)) {
      if (!Object.hasOwn(checks, key)) {
        const message = `no such option${Suggestion.didYouMean(key, Object.keys(checks))}`
        return { option: nameOf(key), message }
      }
    }
    for (const [key, check] of Object.entries(checks)) {
      const given = values[key]
      const name = nameOf(key)
      if (given === undefined && !required.includes(key)) continue
      const problem = given === undefined ? { option: name, message: "missing" } : check(given, name)
      if (problem !== undefined) return problem
    }
    return undefined
  }

/** The error about an option. */
export const invalid = ({ message, option }: Problem): RegistryUsageError =>
  new RegistryUsageError("ERR_OPTION_INVALID", `${option}: ${message}`, { target: option })

/** Throws the first problem. */
export const require = (value: unknown, check: Check, option = "options"): void => {
  const problem = check(value, option)
  if (problem !== undefined) throw invalid(problem)
}
