/** Decodes the text of every key. */
import {
  address,
  configKeys,
  type KeyOf,
  sectionKeys,
  type PlacedKey,
  type Section,
  type Settings,
  variableName
} from "../keys/ConfigKeys.ts"
import type { ConfigSource } from "./ConfigFile.ts"
import type { ConfigProblem } from "./ConfigProblem.ts"

/** Problems, at most one for each key, and warnings. */
export interface Findings {
  readonly problem: <S extends Section>(section: S, key: KeyOf<S>, message: string) => void
  readonly warning: (message: string) => void
  /** The path of the file that a secret was read from; undefined where it is set itself. */
  readonly fileOf: <S extends Section>(section: S, key: KeyOf<S>) => string | undefined
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly warnings: ReadonlyArray<string>
}

/** Findings that begin with those of the source. */
export const findings = (source: ConfigSource): Findings => {
  const problems = [...source.problems]
  const warnings = [...source.warnings]
  return {
    problem: (section, key, message) => {
      const subject = address(section, key)
      if (problems.some((earlier) => [subject, `${subject}_file`].includes(earlier.subject))) return
      problems.push({ subject, origin: source.values.get(subject)?.origin ?? "", message })
    },
    warning: (message) => warnings.push(message),
    fileOf: (section, key) => source.values.get(address(section, key))?.file,
    problems,
    warnings
  }
}

/** The message for a missing key. */
export const notSet = <S extends Section>(section: S, name: KeyOf<S>): string => {
  const { presence, value } = sectionKeys(section).find((placed) => placed.name === name)!.key
  const problem = presence === "conditional" ? "is not set, or still the sample" : "is not set"
  return `${problem}; set it there or in ${variableName(section, name)}; accepted: ${value.accepts}`
}

/**
 * The value of every key. The default or sample replaces an invalid text, so that the rules over several keys can be
 * checked as well. In the sections `without`, no key must be set.
 */
export const settings = (source: ConfigSource, findings: Findings, without: ReadonlyArray<Section> = []): Settings => {
  const decode = ({ key, name, section }: PlacedKey): unknown => {
    const { initial, presence, value } = key
    const report = (message: string) => findings.problem(section, name as never, message)
    const found = source.values.get(address(section, name))?.text
    // An empty text can be a value only for a key with a default.
    const text = presence === "default" ? (found ?? initial) : found || undefined
    const isSample = (presence === "required" || presence === "conditional") && text === initial
    if (text !== undefined && !isSample) {
      const decoded = value.decode(text)
      if (decoded !== undefined) return decoded
      report(`is not valid; accepted: ${value.accepts}`)
    } else if ((presence === "required" || presence === "expected") && !without.includes(section)) {
      report(isSample ? `is still the sample; accepted: ${value.accepts}` : notSet(section, name as never))
    }
    return initial === undefined || presence === "conditional" ? undefined : value.decode(initial)
  }
  // TypeScript cannot infer that each value has the type of its key.
  return Object.fromEntries(
    Object.keys(configKeys).map((section) => [
      section,
      Object.fromEntries(sectionKeys(section).map((placed) => [placed.name, decode(placed)]))
    ])
  ) as unknown as Settings
}
