/**
 * The challenges of a 401 response.
 *
 * Source: RFC 9110, section 11.6.1 (`WWW-Authenticate`); RFC 6750, section 3 (`Bearer`).
 */

/** One challenge: its scheme and the names of its parameters in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const separator = /[\s,]*/y
// A value without quotes may hold more here than RFC 9110 grants it: servers send URLs so.
const parameter = new RegExp(`(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))(?=\\s*(?:,|$))`, "y")
// A token68 after a scheme (`Negotiate YII==`) is recognized by the comma or end behind it.
const scheme = new RegExp(`(${token})(?:[ \\t]+[A-Za-z0-9._~+/-]+=*(?=\\s*(?:,|$)))?`, "y")

/** A longer header is not parsed: it is an attack on the parser. */
const maxLength = 8192

/**
 * The challenges of a `WWW-Authenticate` header in its order. One header may hold several, with commas between them as
 * well as between their parameters. Everything after the first syntax error is ignored.
 */
export const parse = (header: string): ReadonlyArray<Challenge> => {
  const challenges: Array<{ readonly scheme: string; readonly parameters: Map<string, string> }> = []
  if (header.length > maxLength) return challenges
  let position = 0
  const next = (pattern: RegExp) => {
    pattern.lastIndex = position
    const match = pattern.exec(header)
    if (match !== null) position = pattern.lastIndex
    return match
  }
  while (next(separator) !== null && position < header.length) {
    const current = challenges.at(-1)
    const pair = current === undefined ? null : next(parameter)
    if (pair !== null) {
      const name = pair[1]!.toLowerCase()
      // The first of a repeated parameter counts: a second realm must not replace the one that was checked.
      if (!current!.parameters.has(name)) {
        current!.parameters.set(name, pair[3] ?? pair[2]!.replace(/\\(.)/g, "$1"))
      }
      continue
    }
    const named = next(scheme)
    if (named === null) return challenges
    challenges.push({ scheme: named[1]!.toLowerCase(), parameters: new Map() })
  }
  return challenges
}
