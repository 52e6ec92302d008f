/** The configuration file: its values with their lines, and its problems. */
import { Suggestion } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { address, configKeys, sectionKeys, settingNames, placedKeys } from "../keys/ConfigKeys.ts"
import type { ConfigProblem } from "./ConfigProblem.ts"
import * as Ini from "./Ini.ts"
import { interpolate, references } from "./IniInterpolation.ts"

/** The text of a value and where it is set, and the path of its file if that is where the text comes from. */
export interface SourcedText {
  readonly text: string
  readonly origin: string
  readonly file?: string | undefined
}

/**
 * The text of every key that is set, by its address. It holds secrets in plain text, so it is never printed as a whole.
 */
export interface ConfigSource {
  readonly values: ReadonlyMap<string, SourcedText>
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly warnings: ReadonlyArray<string>
}

/** As in the original, the interpolation also finds the defaults of keys that the file does not set. */
const initial = (section: string, name: string): string | undefined =>
  sectionKeys(section).find((placed) => placed.name === name)?.key.initial

const misplaced = (name: string): ReadonlyArray<string> =>
  placedKeys.filter((placed) => settingNames(placed).includes(name)).map(({ section }) => `${name} in [${section}]`)

/** The values of the text of a file, interpolated. */
export const parse = (path: string, text: string): ConfigSource => {
  const document = Ini.parse(text)
  const values = new Map<string, SourcedText>()
  const problems: Array<ConfigProblem> = []
  const used = new Set<string>()
  const origin = (line: number) => `${path}:${line}`
  const report = (subject: string, line: number, message: string) =>
    problems.push({ subject, origin: origin(line), message })

  for (const { line, message } of document.problems) report("", line, message)

  for (const [section, { entries, line }] of document.sections) {
    if (!Object.hasOwn(configKeys, section)) {
      report(`[${section}]`, line, `there is no such section${Suggestion.didYouMean(section, Object.keys(configKeys))}`)
      continue
    }
    const known = sectionKeys(section).flatMap(settingNames)
    const lookup = (key: string) =>
      entries.get(key)?.value ?? document.defaults.get(key)?.value ?? initial(section, key)
    for (const [key, entry] of entries) {
      const subject = address(section, key)
      for (const reference of references(entry.value)) used.add(reference)
      if (!known.includes(key)) {
        report(subject, entry.line, `there is no such key${Suggestion.didYouMean(key, known, misplaced(key))}`)
        continue
      }
      const value = interpolate(entry.value, lookup)
      if (Result.isSuccess(value)) values.set(subject, { text: value.success, origin: origin(entry.line) })
      else report(subject, entry.line, value.failure)
    }
  }

  for (const { value } of document.defaults.values()) for (const reference of references(value)) used.add(reference)
  const warnings = [...document.defaults]
    .filter(([key]) => !used.has(key))
    .map(
      ([key, { line }]) =>
        `[DEFAULT] ${key} (${origin(line)}) has no effect: as in the original, [DEFAULT] only holds text for %(${key})s`
    )

  return { values, problems, warnings }
}
