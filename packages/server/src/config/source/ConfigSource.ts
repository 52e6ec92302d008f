/**
 * Where each value of the configuration comes from: environment variables, files that they name, the configuration file,
 * files that it names, and the file of defaults, in this order.
 */
import { Suggestion } from "@gitlab-registry-usage/core"
import { Effect, FileSystem } from "effect"
import { address, configKeys, settingNames, type PlacedKey, placedKeys, variableName } from "../keys/ConfigKeys.ts"
import { type ConfigSource, parse, type SourcedText } from "./ConfigFile.ts"
import { type ConfigProblem, ConfigurationError } from "./ConfigProblem.ts"
import { isServiceLink } from "./ServiceLinks.ts"
import { readSecret, readText } from "./TextFile.ts"

/** The configuration file, if any, which may be absent unless it is `required`, and the environment. */
export interface Places {
  readonly file?: { readonly path: string; readonly required: boolean } | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

const readFile = Effect.fnUntraced(function* (
  file: Places["file"]
): Effect.fn.Return<ConfigSource, ConfigurationError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  // A file whose existence cannot be checked is reported when it is read.
  const exists = (path: string) => Effect.orElseSucceed(fs.exists(path), () => true)
  if (file === undefined || !(file.required || (yield* exists(file.path)))) return parse("", "")
  const text = yield* Effect.mapError(
    readText(file.path),
    (message) =>
      new ConfigurationError({ problems: [{ subject: "the configuration file", origin: file.path, message }] })
  )
  return parse(file.path, text)
})

/** The variables without those of Kubernetes' Services. */
const withoutServiceLinks = (environment: Places["environment"]): Places["environment"] =>
  Object.fromEntries(Object.entries(environment).filter(([name, value]) => !isServiceLink(name, value ?? "")))

/** Names the file of defaults, which a package such as the container image brings. */
export const defaultsVariable = "GITLAB_REGISTRY_USAGE_DEFAULTS_FILE"

/** Reads the file of defaults, if the environment names one. */
export const readDefaults = (
  environment: Places["environment"]
): Effect.Effect<ConfigSource, ConfigurationError, FileSystem.FileSystem> => {
  const path = environment[defaultsVariable]
  return readFile(path ? { path, required: true } : undefined)
}

/** Variables with the prefix of a section that set no key. */
const unknownVariables = (environment: Places["environment"]): ReadonlyArray<ConfigProblem> => {
  const known = placedKeys.flatMap((placed) => settingNames(placed).map((name) => variableName(placed.section, name)))
  const beginnings = Object.keys(configKeys).map((section) => variableName(section, ""))
  return Object.entries(environment)
    .filter(([name, value]) => value && beginnings.some((text) => name.startsWith(text)) && !known.includes(name))
    .map(([subject]) => ({
      subject,
      origin: "",
      message: `there is no such environment variable${Suggestion.didYouMean(subject, known)}`
    }))
}

/** The keys of which each sets where snapshots are stored. */
const storeKeys = [address("database", "path"), address("database", "url"), address("general", "snapshot_file")]

/**
 * Reads the text of every key that is set, and the problems of all places. An empty environment variable counts as not
 * set. Fails only if the configuration file cannot be read at all.
 */
export const read = Effect.fnUntraced(function* ({
  environment: variables,
  file: place
}: Places): Effect.fn.Return<ConfigSource, ConfigurationError, FileSystem.FileSystem> {
  const environment = withoutServiceLinks(variables)
  const file = yield* readFile(place)
  const defaults = yield* readDefaults(environment)
  const problems = [...file.problems, ...defaults.problems, ...unknownVariables(environment)]
  const values = new Map<string, SourcedText>()

  const fromFile = (section: string, name: string) => file.values.get(address(section, name))
  const fromDefaults = (section: string, name: string) => defaults.values.get(address(section, name))
  const fromVariable = (section: string, name: string): SourcedText | undefined => {
    const origin = variableName(section, name)
    const text = environment[origin]
    return text ? { text, origin } : undefined
  }

  /** The value of a key in one place: its text, or for a secret the content of a file, but not both. */
  const look = Effect.fnUntraced(function* ({ key, name, section }: PlacedKey, from: typeof fromFile) {
    const direct = from(section, name)
    const indirect = key.value.secret ? from(section, `${name}_file`) : undefined
    // An empty value in a file means no value.
    if (indirect === undefined || indirect.text === "") return direct
    const { origin, text: path } = indirect
    const report = (message: string) => problems.push({ subject: address(section, `${name}_file`), origin, message })
    if (direct !== undefined && direct.text !== "") {
      report(`${name} is set as well; keep one of the two`)
      return direct
    }
    const text = yield* Effect.catch(readSecret(path), (message) => {
      report(`the file ${message}`)
      return Effect.succeed("")
    })
    return { text, origin, file: path }
  })

  for (const placed of placedKeys) {
    const value =
      (yield* look(placed, fromVariable)) ?? (yield* look(placed, fromFile)) ?? (yield* look(placed, fromDefaults))
    if (value !== undefined) values.set(address(placed.section, placed.name), value)
  }
  // The first of the directories that the service manager made (systemd.exec, "StateDirectory=").
  const state = environment["STATE_DIRECTORY"]?.split(":")[0]
  if (state && !storeKeys.some((subject) => values.has(subject))) {
    values.set(address("database", "path"), { text: `${state}/usage.sqlite`, origin: "STATE_DIRECTORY" })
  }
  return { values, problems, warnings: [...file.warnings, ...defaults.warnings] }
})
