/**
 * What is wrong with decoded data, in one line that is safe to print.
 *
 * @since 0.1.0
 */
import { SchemaIssue } from "effect"
import { printable } from "./PrintableText.ts"

/** The place of the first problem, and whether something is missing there. */
const first = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<PropertyKey>
): readonly [ReadonlyArray<PropertyKey>, boolean] => {
  switch (issue._tag) {
    case "Pointer":
      return first(issue.issue, [...path, ...issue.path])
    case "Filter":
    case "Encoding":
      return first(issue.issue, path)
    case "Composite":
      return first(issue.issues[0], path)
    case "AnyOf":
      return issue.issues[0] === undefined ? [path, false] : first(issue.issues[0], path)
    default:
      return [path, issue._tag === "MissingKey"]
  }
}

/**
 * A name that somebody else chose, safe to print: quoted as in JSON, in ASCII, of at most 80 characters.
 *
 * @category formatting
 * @since 0.1.0
 */
export const quoted = (name: string): string =>
  JSON.stringify(name.slice(0, 80)).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

/**
 * The first problem by its place: `"config.digest" is missing`. It quotes no value, which may be a secret.
 *
 * @category formatting
 * @since 0.1.0
 */
export const issueText = (issue: SchemaIssue.Issue): string => {
  const [path, isMissing] = first(issue, [])
  if (path.length === 0) return "it has another shape"
  return `${quoted(path.map(String).join("."))} ${isMissing ? "is missing" : "has another type or value"}`
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey"
      ? "unknown key"
      : issue._tag === "MissingKey"
        ? "missing"
        : SchemaIssue.defaultLeafHook(issue)
})

const nameOf = (key: unknown): string => String(typeof key === "object" && key !== null && "key" in key ? key.key : key)

/**
 * Every problem with what the reader of the message has written, in one line: the place where it is in something, and what
 * is expected there, such as `max_total: expected a size such as 10MB`. It quotes no value, which may be a secret.
 *
 * @category formatting
 * @since 0.1.0
 */
export const problemsText = (issue: SchemaIssue.Issue): string =>
  format(issue)
    .issues.map(({ message, path = [] }) => {
      const what = message.replace(/^Expected/, "expected")
      return path.length === 0 ? what : `${printable(path.map(nameOf).join("."), 80)}: ${what}`
    })
    .join("; ")
