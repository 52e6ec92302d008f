/**
 * Reads INI files in the dialect of Python's `configparser`, which existing configuration files use.
 *
 * No npm package reads that dialect. `ini`, `js-ini`, `confbox` and `effect/encoding` cut values at `#` or `;`, or remove
 * quotes, and so corrupt secrets silently. The package `configparser` supports neither `%%`, `[DEFAULT]` nor continuation
 * lines, distinguishes case in keys and ignores errors. No library reports the line of a value.
 *
 * Source: https://docs.python.org/3/library/configparser.html, "Supported INI File Structure"; the tests have
 * the results of Python 3.11.
 */

/** A value before interpolation, and the line (from 1) of its key. */
export interface IniEntry {
  readonly value: string
  readonly line: number
}

/** A section: the line of its header, and its entries by key in lower case. */
export interface IniSection {
  readonly line: number
  readonly entries: ReadonlyMap<string, IniEntry>
}

/** A syntax error. `message` never quotes the file, which may contain secrets anywhere. */
export interface IniProblem {
  readonly line: number
  readonly message: string
}

/** The sections of a file by name, the entries of `[DEFAULT]`, and all problems. */
export interface IniDocument {
  readonly sections: ReadonlyMap<string, IniSection>
  readonly defaults: ReadonlyMap<string, IniEntry>
  readonly problems: ReadonlyArray<IniProblem>
}

const header = /^\[([^\]]+)\]\s*(?:[#;].*)?$/
const option = /^(.*?)\s*[=:]\s*(.*)$/s

interface OpenEntry {
  readonly line: number
  readonly lines: Array<string>
}

const close = (entries: ReadonlyMap<string, OpenEntry>): ReadonlyMap<string, IniEntry> =>
  new Map([...entries].map(([key, { line, lines }]) => [key, { line, value: lines.join("\n").trimEnd() }]))

/**
 * The sections and values of the text. Keys and values are separated by the first `=` or `:`; a line is a comment only
 * where it begins with `#` or `;`; a line indented deeper than its key continues the value. A byte order mark at the
 * start and any of the three line endings are accepted.
 */
export const parse = (text: string): IniDocument => {
  const sections = new Map<string, { readonly line: number; readonly entries: Map<string, OpenEntry> }>()
  const defaults = new Map<string, OpenEntry>()
  const problems: Array<IniProblem> = []
  let section: Map<string, OpenEntry> | undefined
  let entry: OpenEntry | undefined
  let indentation = 0

  const openSection = (name: string, line: number) => {
    entry = undefined
    if (name === "DEFAULT") return defaults
    const earlier = sections.get(name)
    if (earlier !== undefined) {
      problems.push({ line, message: `section [${name}] stands twice, first on line ${earlier.line}` })
      return earlier.entries
    }
    const entries = new Map<string, OpenEntry>()
    sections.set(name, { line, entries })
    return entries
  }

  const openEntry = (content: string, line: number) => {
    const match = option.exec(content)
    const key = match?.[1]?.toLowerCase()
    // Lines that continue a value without a key are dropped, but must not become keys.
    entry = { line, lines: [match?.[2] ?? ""] }
    if (section === undefined) {
      problems.push({ line, message: "a value before the first [section]" })
    } else if (key === undefined || key === "") {
      problems.push({ line, message: "neither a [section], `key = value` nor a comment" })
    } else if (section.has(key)) {
      problems.push({ line, message: `${key} stands twice in its section, first on line ${section.get(key)?.line}` })
    } else {
      section.set(key, entry)
    }
  }

  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = index + 1
    const content = raw.trim()
    if (content === "") {
      entry?.lines.push("")
      continue
    }
    if (content.startsWith("#") || content.startsWith(";")) continue
    const depth = raw.length - raw.trimStart().length
    if (entry !== undefined && depth > indentation) {
      entry.lines.push(content)
      continue
    }
    indentation = depth
    const name = header.exec(content)?.[1]
    if (name !== undefined) section = openSection(name, line)
    else if (content.startsWith("[")) problems.push({ line, message: "not a [section] header" })
    else openEntry(content, line)
  }

  return {
    sections: new Map([...sections].map(([name, { line, entries }]) => [name, { line, entries: close(entries) }])),
    defaults: close(defaults),
    problems
  }
}

/** The value as text for a file, with `%` doubled, so that the file reads as the same value. */
export const escape = (value: string): string => value.replaceAll("%", "%%")
