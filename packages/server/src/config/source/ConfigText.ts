/** The configuration as an INI file: the default one, and the one in effect. */
import {
  address,
  configKeys,
  sectionKeys,
  type PlacedKey,
  type Section,
  sectionDocs,
  variableName
} from "../keys/ConfigKeys.ts"
import type { ConfigSource } from "./ConfigFile.ts"
import { escape } from "./Ini.ts"

const width = 100

/** The text as lines of a comment. */
const comment = (text: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`# ${word}`)
  }
  return lines
}

const sentences = ({ key, name, section }: PlacedKey): string =>
  [
    key.doc,
    `Accepted: ${key.value.accepts}.`,
    key.presence === "default" ? "" : `Default: ${key.absence}.`,
    key.value.secret ? `A file with the secret instead: ${name}_file, or ${variableName(section, name)}_FILE.` : ""
  ]
    .filter((sentence) => sentence !== "")
    .join(" ")

const assignment = ({ key, name }: PlacedKey, initial = key.initial): string =>
  initial === undefined ? `# ${name} =` : `${name} = ${escape(initial)}`

const inSections = (header: ReadonlyArray<string>, lines: (placed: PlacedKey) => ReadonlyArray<string>): string =>
  [
    ...header,
    ...Object.keys(configKeys).flatMap((section) => [
      "",
      ...comment(sectionDocs[section as Section]),
      `[${section}]`,
      ...sectionKeys(section).flatMap(lines)
    ])
  ].join("\n") + "\n"

/**
 * A file with every key: required keys with samples, which are refused until they are replaced; keys with a default
 * with that, or with the value of the file of defaults; the others as comments.
 */
export const defaultConfig = ({ values }: Pick<ConfigSource, "values">): string =>
  inSections(
    [
      "Configuration of gitlab-registry-usage-rest.",
      `An environment variable overrides each key: ${variableName("ldap", "host")} is host in [ldap].`,
      "A line is a comment only where it begins with # or ;. A percent sign in a value is written %%."
    ].flatMap(comment),
    (placed) => [
      "",
      ...comment(sentences(placed)),
      assignment(placed, values.get(address(placed.section, placed.name))?.text)
    ]
  )

/** The values in effect and where each was set. Secrets are not printed. */
export const effectiveConfig = ({ values }: ConfigSource): string =>
  inSections(comment("The configuration in effect. Secrets are left out."), (placed) => {
    const { key, name, section } = placed
    const found = values.get(address(section, name))
    if (found === undefined || (found.text === "" && key.presence !== "default")) {
      return [key.presence === "default" ? assignment(placed) : `# ${name} is not set`]
    }
    // Further lines of a value are indented, so that they are read as its continuation.
    const text = key.value.secret ? "<redacted>" : escape(found.text).replaceAll("\n", "\n  ")
    return [`# from ${found.origin}`, `${name} = ${text}`]
  })
