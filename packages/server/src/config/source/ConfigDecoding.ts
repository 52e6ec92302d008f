/**
 * Decodes the text of every key.
 *
 * @since 0.1.0
 */
import { Config, ConfigProvider, Effect, Option } from "effect"
import { address } from "./ConfigFile.ts"
import type { ConfigKey } from "../keys/ConfigKey.ts"
import { configKeys, type PlacedKey, placedKeys, type Section, type Settings } from "../keys/ConfigKeys.ts"
import type { ConfigOrigin, ConfigProblem } from "./ConfigProblem.ts"
import { type ConfigSource, variableOf } from "./ConfigSource.ts"

/**
 * What is found while the configuration is read: problems, of which each key gets one at most, and warnings.
 *
 * @category models
 * @since 0.1.0
 */
export interface Findings {
  readonly problem: <S extends Section>(section: S, key: keyof Settings[S] & string, message: string) => void
  readonly warning: (message: string) => void
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly warnings: ReadonlyArray<string>
}

/**
 * Findings that begin with those of the source.
 *
 * @category constructors
 * @since 0.1.0
 */
export const findings = (source: ConfigSource): Findings => {
  const problems = [...source.problems]
  const warnings = [...source.warnings]
  const origin = (subject: string): ConfigOrigin => source.values.get(subject)?.origin ?? { _tag: "Nowhere" }
  return {
    problem: (section, key, message) => {
      const subject = address(section, key)
      const told = problems.some((earlier) => earlier.subject === subject || earlier.subject === `${subject}_file`)
      if (!told) problems.push({ subject, origin: origin(subject), message })
    },
    warning: (message) => warnings.push(message),
    problems,
    warnings
  }
}

/**
 * What to say of a key that must be set and is not.
 *
 * @category formatting
 * @since 0.1.0
 */
export const notSet = <S extends Section>(section: S, name: keyof Settings[S] & string): string => {
  const keys: Readonly<Record<string, ConfigKey>> = configKeys[section]
  const { presence, value } = keys[name]!
  const what = presence._tag === "Conditional" ? "is not set, or still the sample" : "is not set"
  return `${what}; set it there or in ${variableOf(section, name)}; accepted: ${value.accepts}`
}

/** The text that stands in for one that is missing or wrong, so that the rules over several keys can be checked. */
const standIn = ({ presence }: ConfigKey): string | undefined => {
  if (presence._tag === "Default") return presence.text
  return presence._tag === "Required" ? presence.sample : undefined
}

const isSample = ({ presence }: ConfigKey, text: string | undefined): boolean =>
  (presence._tag === "Conditional" || (presence._tag === "Required" && !presence.plausible)) && presence.sample === text

/** The text to decode. Only where there is a default, an empty text may mean something. */
const textOf = ({ presence }: ConfigKey, found: string | undefined): string | undefined => {
  if (presence._tag === "Default") return found ?? presence.text
  return found === "" ? undefined : found
}

/** Whatever the text, the message of the schema may quote it: it is dropped for what the key accepts. */
const decode = ({ key, name, section }: PlacedKey, text: string) =>
  Config.schema(key.value.schema, [section, name])
    .parse(ConfigProvider.fromUnknown({ [section]: { [name]: text } }, { preserveEmptyStrings: true }))
    .pipe(Effect.option)

/**
 * The value of every key. Where one cannot be decoded it is told as a problem, and its default or sample stands in for
 * it, so that the rules over several keys can be checked as well.
 *
 * @category parsing
 * @since 0.1.0
 */
export const settings = Effect.fnUntraced(function* (source: ConfigSource, findings: Findings) {
  const decodeOrReport = Effect.fnUntraced(function* (placed: PlacedKey) {
    const { key, name, section } = placed
    const text = textOf(key, source.values.get(address(section, name))?.text)
    const report = (message: string) => findings.problem(section, name as never, message)
    if (text === undefined || isSample(key, text)) {
      if (key.presence._tag !== "Required") return Option.none()
      report(
        text === undefined ? notSet(section, name as never) : `is still the sample; accepted: ${key.value.accepts}`
      )
    } else {
      const decoded = yield* decode(placed, text)
      if (Option.isSome(decoded)) return decoded
      report(`is not valid; accepted: ${key.value.accepts}`)
    }
    const other = standIn(key)
    return other === undefined ? Option.none() : yield* decode(placed, other)
  })

  const decoded: Record<string, Record<string, unknown>> = {}
  for (const placed of placedKeys) {
    const value = yield* decodeOrReport(placed)
    decoded[placed.section] = { ...decoded[placed.section], [placed.name]: Option.getOrUndefined(value) }
  }
  // Each value has the type of its key, which the type of the table says.
  return decoded as unknown as Settings
})
