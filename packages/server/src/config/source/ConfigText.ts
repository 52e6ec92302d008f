/**
 * The configuration as an INI file: the default one, and the one in effect.
 *
 * @since 0.1.0
 */
import { address } from "./ConfigFile.ts"
import type { ConfigKey } from "../keys/ConfigKey.ts"
import { configKeys, placedKeys, type PlacedKey, type Section, sectionDocs } from "../keys/ConfigKeys.ts"
import { formatOrigin } from "./ConfigProblem.ts"
import { type ConfigSource, variableOf } from "./ConfigSource.ts"
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

/** What happens without the key, as a sentence. */
const absence = ({ presence }: ConfigKey): string => {
  switch (presence._tag) {
    case "Required":
      return presence.plausible ? "Must be set." : "Must be set; the sample below is refused."
    case "Conditional":
      return `Must be set unless ${presence.unless}; the sample below counts as not set.`
    case "Default":
      return ""
    case "Optional":
      return `Without it: ${presence.means}.`
  }
}

const sentences = ({ key, name, section }: PlacedKey): string =>
  [
    key.doc,
    `Accepted: ${key.value.accepts}.`,
    absence(key),
    key.value.secret ? `A file with the secret instead: ${name}_file, or ${variableOf(section, name)}_FILE.` : ""
  ]
    .filter((sentence) => sentence !== "")
    .join(" ")

const assignment = ({ key, name }: PlacedKey): string => {
  switch (key.presence._tag) {
    case "Required":
    case "Conditional":
      return `${name} = ${escape(key.presence.sample)}`
    case "Default":
      return `${name} = ${escape(key.presence.text)}`
    case "Optional":
      return `# ${name} =`
  }
}

const inSections = (header: ReadonlyArray<string>, lines: (placed: PlacedKey) => ReadonlyArray<string>): string =>
  [
    ...header,
    ...Object.keys(configKeys).flatMap((section) => [
      "",
      ...comment(sectionDocs[section as Section]),
      `[${section}]`,
      ...placedKeys.filter((placed) => placed.section === section).flatMap(lines)
    ])
  ].join("\n") + "\n"

/**
 * A file with every key: those that must be set with samples, which are refused until they are replaced, those with a
 * default with it, and the others as comments.
 *
 * @category printing
 * @since 0.1.0
 */
export const defaultConfig: string = inSections(
  [
    ...comment("Configuration of gitlab-registry-usage-rest."),
    ...comment(
      `Every key can be set by an environment variable as well, which then counts: ${variableOf("ldap", "host")} for host in [ldap].`
    ),
    ...comment("A line is a comment only where it begins with # or ;. A percent sign in a value is written %%.")
  ],
  (placed) => ["", ...comment(sentences(placed)), assignment(placed)]
)

/**
 * The values in effect and where each was set. Secrets are not shown.
 *
 * @category printing
 * @since 0.1.0
 */
export const effectiveConfig = ({ values }: ConfigSource): string =>
  inSections(comment("The configuration in effect. Secrets are left out."), (placed) => {
    const { key, name, section } = placed
    const found = values.get(address(section, name))
    const set = found !== undefined && (found.text !== "" || key.presence._tag === "Default")
    if (!set) return [key.presence._tag === "Default" ? `${assignment(placed)}` : `# ${name} is not set`]
    // Lines of a longer value are indented, so that they are read as its continuation.
    const text = key.value.secret ? "<redacted>" : escape(found.text).replaceAll("\n", "\n  ")
    return [`# from ${formatOrigin(found.origin)}`, `${name} = ${text}`]
  })
