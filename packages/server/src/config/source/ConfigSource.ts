/**
 * Where each value of the configuration comes from: environment variables, files that they name, the configuration file,
 * and files that it names, in this order.
 *
 * @since 0.1.0
 */
import { ConfigProvider, Effect, FileSystem, Option } from "effect"
import { address, type ConfigFile, namesOf, parse } from "./ConfigFile.ts"
import { configKeys, type PlacedKey, placedKeys } from "../keys/ConfigKeys.ts"
import { type ConfigOrigin, type ConfigProblem, ConfigurationError } from "./ConfigProblem.ts"
import { suggest } from "./Suggestion.ts"
import { readSecret, readText } from "./TextFile.ts"

/**
 * Every variable of the server begins with this and the name of a section.
 *
 * @category constants
 * @since 0.1.0
 */
export const variablePrefix = "GITLAB_REGISTRY_USAGE"

/**
 * The environment variable of a key: `GITLAB_REGISTRY_USAGE_LDAP_BASE_DN`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const variableOf = (section: string, name: string): string =>
  `${variablePrefix}_${section}_${name}`.toUpperCase()

/**
 * The text of a value and where it was set.
 *
 * @category models
 * @since 0.1.0
 */
export interface SourcedText {
  readonly text: string
  readonly origin: ConfigOrigin
}

/**
 * The text of every key that is set, by its address. Secrets are among them in the clear, so it is never printed as a
 * whole.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConfigSource {
  readonly values: ReadonlyMap<string, SourcedText>
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly warnings: ReadonlyArray<string>
}

/**
 * Where to look: the configuration file, if any, and the variables of the environment. A file that is not `required`
 * may be absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Places {
  readonly file?: { readonly path: string; readonly required: boolean } | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

const readFile = Effect.fnUntraced(function* (
  file: Places["file"]
): Effect.fn.Return<ConfigFile, ConfigurationError, FileSystem.FileSystem> {
  const nothing: ConfigFile = { path: "", values: new Map(), problems: [], warnings: [] }
  if (file === undefined) return nothing
  if (!file.required) {
    const fs = yield* FileSystem.FileSystem
    // A file that cannot be looked for is reported when it is read.
    if (!(yield* Effect.orElseSucceed(fs.exists(file.path), () => true))) return nothing
  }
  const text = yield* Effect.mapError(readText(file.path), (message) => {
    const problem: ConfigProblem = {
      subject: "the configuration file",
      origin: { _tag: "File", path: file.path },
      message
    }
    return new ConfigurationError({ problems: [problem] })
  })
  return parse(file.path, text)
})

/** Variables that begin as those of a section do and are none. */
const unknownVariables = (environment: Places["environment"]): ReadonlyArray<ConfigProblem> => {
  const known = placedKeys.flatMap((placed) => namesOf(placed).map((name) => variableOf(placed.section, name)))
  const beginnings = Object.keys(configKeys).map((section) => variableOf(section, ""))
  return Object.entries(environment)
    .filter(([name, value]) => value !== undefined && value !== "" && beginnings.some((text) => name.startsWith(text)))
    .filter(([name]) => !known.includes(name))
    .map(([name]) => {
      const suggestion = suggest(name, known)
      return {
        subject: name,
        origin: { _tag: "Nowhere" },
        message: `there is no such environment variable${suggestion === undefined ? "" : `; did you mean ${suggestion}?`}`
      }
    })
}

/** The keys of which any says where snapshots are kept. */
const keeps = [address("database", "path"), address("database", "url"), address("general", "snapshot_file")]

/** The first of the directories for state that the service manager made (systemd.exec, "StateDirectory="). */
const stateDirectory = ({ STATE_DIRECTORY: directories }: Places["environment"]): string | undefined =>
  directories === undefined || directories === "" ? undefined : directories.split(":")[0]

/**
 * The text of every key that is set, with all that is wrong with where it comes from. An environment variable that is
 * empty counts as not set. Fails only where the configuration file cannot be read at all.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function* (
  places: Places
): Effect.fn.Return<ConfigSource, ConfigurationError, FileSystem.FileSystem> {
  const file = yield* readFile(places.file)
  const problems = [...file.problems, ...unknownVariables(places.environment)]
  const variables = ConfigProvider.fromEnvRecord({ ...places.environment })
  const values = new Map<string, SourcedText>()

  const fromVariable = Effect.fnUntraced(function* (section: string, name: string) {
    const variable = variableOf(section, name)
    const node = yield* Effect.orDie(variables.load([variable]))
    return Option.map(Option.fromNullishOr(node?.value), (text): SourcedText => ({
      text,
      origin: { _tag: "Variable", name: variable }
    }))
  })
  const fromFile = (section: string, name: string) =>
    Effect.succeed(
      Option.map(Option.fromNullishOr(file.values.get(address(section, name))), ({ line, value }): SourcedText => ({
        text: value,
        origin: { _tag: "File", path: file.path, line }
      }))
    )

  /** What one place says of a key: the value itself, or for a secret the file that holds it, but not both. */
  const look = Effect.fnUntraced(function* (
    { key, name, section }: PlacedKey,
    from: typeof fromVariable | typeof fromFile
  ) {
    const direct = yield* from(section, name)
    const indirect = key.value.secret ? yield* from(section, `${name}_file`) : Option.none()
    // In a file, an empty value says that there is none.
    if (Option.isNone(indirect) || indirect.value.text === "") return direct
    const { origin, text } = indirect.value
    const subject = address(section, `${name}_file`)
    if (Option.exists(direct, ({ text }) => text !== "")) {
      problems.push({ subject, origin, message: `${name} is set as well; keep one of the two` })
      return direct
    }
    return yield* Effect.match(readSecret(text), {
      onSuccess: (secret) => Option.some({ text: secret, origin }),
      onFailure: (message) => {
        problems.push({ subject, origin, message: `the file ${message}` })
        // So that the key does not read as missing on top.
        return Option.some({ text: "", origin })
      }
    })
  })

  for (const placed of placedKeys) {
    const variable = yield* look(placed, fromVariable)
    const value = Option.isSome(variable) ? variable : yield* look(placed, fromFile)
    if (Option.isSome(value)) values.set(address(placed.section, placed.name), value.value)
  }
  const state = stateDirectory(places.environment)
  if (state !== undefined && !keeps.some((subject) => values.has(subject))) {
    values.set(address("database", "path"), {
      text: `${state}/usage.sqlite`,
      origin: { _tag: "Variable", name: "STATE_DIRECTORY" }
    })
  }
  return { values, problems, warnings: file.warnings }
})
