/**
 * Reading INI files in the dialect of Python's `configparser`, which existing configuration files are written in.
 *
 * Written here because no npm package reads that dialect. `ini`, `js-ini`, `confbox` and `effect/encoding` cut values at
 * `#` or `;`, or take quotes away, and so corrupt secrets in silence. `configparser` knows neither `%%`, `[DEFAULT]` nor
 * continuation lines, tells case in keys, drops what it does not understand, and no library tells the line of a value.
 *
 * Source: https://docs.python.org/3/library/configparser.html, "Supported INI File Structure"; the tests hold the
 * answers that Python 3.11 gives.
 */

/** A value as it stands in the file, before interpolation, and the line (from 1) that its key is on. */
export interface IniEntry {
  readonly value: string
  readonly line: number
}

/** A section: the line of its header, and its entries by key in lower case. */
export interface IniSection {
  readonly line: number
  readonly entries: ReadonlyMap<string, IniEntry>
}

/**
 * Something in the file that is not in the dialect. `message` never quotes the file, which may hold secrets anywhere.
 */
export interface IniProblem {
  readonly line: number
  readonly message: string
}

/**
 * A file that was read, as far as it could be: its sections by name, the entries of `[DEFAULT]`, and every problem.
 */
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
    // The lines that continue a value without a key have nowhere to go, but must not read as keys of their own.
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

/** The value as it is written into a file: `%` doubled, so that reading gives the same text again. */
export const escape = (value: string): string => value.replaceAll("%", "%%")
