/**
 * The configuration file: its values with their lines, and what in it cannot be meant.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import { configKeys, type PlacedKey, placedKeys } from "../keys/ConfigKeys.ts"
import type { ConfigProblem } from "./ConfigProblem.ts"
import * as Ini from "./Ini.ts"
import { interpolate, references } from "./IniInterpolation.ts"
import { suggest } from "./Suggestion.ts"

/**
 * What a file says: the text of each value, interpolated, by section and key in lower case.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConfigFile {
  readonly path: string
  readonly values: ReadonlyMap<string, Ini.IniEntry>
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly warnings: ReadonlyArray<string>
}

/**
 * How a value is looked up in `values`.
 *
 * @category models
 * @since 0.1.0
 */
export const address = (section: string, key: string): string => `[${section}] ${key}`

/**
 * The names that a key has in a file: its own, and for a secret that of a file which holds it.
 *
 * @category models
 * @since 0.1.0
 */
export const namesOf = ({ key, name }: PlacedKey): ReadonlyArray<string> =>
  key.value.secret ? [name, `${name}_file`] : [name]

const known = (section: string): ReadonlyArray<string> =>
  placedKeys.filter((placed) => placed.section === section).flatMap(namesOf)

/** What the original holds ready for interpolation even where the file does not set it. */
const initial = (section: string, name: string): string | undefined => {
  const presence = placedKeys.find((placed) => placed.section === section && placed.name === name)?.key.presence
  switch (presence?._tag) {
    case "Required":
    case "Conditional":
      return presence.sample
    case "Default":
      return presence.text
    default:
      return undefined
  }
}

const didYouMean = (suggestion: string | undefined) => (suggestion === undefined ? "" : `; did you mean ${suggestion}?`)

const misplaced = (name: string): string | undefined => {
  const home = placedKeys.find((placed) => namesOf(placed).includes(name))?.section
  return home === undefined ? undefined : `${name} in [${home}]`
}

/**
 * The values of the text of a file.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (path: string, text: string): ConfigFile => {
  const document = Ini.parse(text)
  const values = new Map<string, Ini.IniEntry>()
  const problems: Array<ConfigProblem> = []
  const used = new Set<string>()
  const report = (subject: string, line: number, message: string) =>
    problems.push({ subject, origin: { _tag: "File", path, line }, message })

  for (const { line, message } of document.problems) report("", line, message)

  for (const [section, { entries, line }] of document.sections) {
    if (!Object.hasOwn(configKeys, section)) {
      report(`[${section}]`, line, `there is no such section${didYouMean(suggest(section, Object.keys(configKeys)))}`)
      continue
    }
    const lookup = (key: string) =>
      entries.get(key)?.value ?? document.defaults.get(key)?.value ?? initial(section, key)
    for (const [key, entry] of entries) {
      const subject = address(section, key)
      for (const reference of references(entry.value)) used.add(reference)
      if (!known(section).includes(key)) {
        report(subject, entry.line, `there is no such key${didYouMean(suggest(key, known(section)) ?? misplaced(key))}`)
        continue
      }
      const value = interpolate(entry.value, lookup)
      if (Result.isSuccess(value)) values.set(subject, { line: entry.line, value: value.success })
      else report(subject, entry.line, value.failure)
    }
  }

  for (const { value } of document.defaults.values()) for (const reference of references(value)) used.add(reference)
  const warnings = [...document.defaults]
    .filter(([key]) => !used.has(key))
    .map(
      ([key, { line }]) =>
        `[DEFAULT] ${key} (${path}:${line}) has no effect: as in the original, [DEFAULT] only holds text for %(${key})s`
    )

  return { path, values, problems, warnings }
}
