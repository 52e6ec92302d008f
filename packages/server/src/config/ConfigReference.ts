/**
 * The reference of the configuration for people, made from the table of keys.
 *
 * @since 0.1.0
 */
import type { ConfigKey } from "./keys/ConfigKey.ts"
import { configKeys, placedKeys, type Section, sectionDocs } from "./keys/ConfigKeys.ts"
import { variableOf } from "./source/ConfigSource.ts"

const introduction = `# Configuration

<!-- Made from packages/server/src/config/keys/*.ts by the test of ConfigReference; \`vitest -u\` writes it anew. -->

\`gitlab-registry-usage-rest -c FILE\` reads an INI file; without \`-c\` it is \`/etc/gitlab_registry_usage_rest.conf\`, if
that exists. \`--print-default-config\` prints a file with every key to begin with, \`--print-config\` the values in effect
and where each was set, without secrets. Whatever is wrong is told at once, with the line or variable that it comes from,
and the program exits with status 2.

## Where values come from

For each key, the first of these that sets it counts:

1. the environment variable \`GITLAB_REGISTRY_USAGE_<SECTION>_<KEY>\`, such as \`${variableOf("ldap", "base_dn")}\`, unless it
   is empty;
2. for a secret, the file that \`GITLAB_REGISTRY_USAGE_<SECTION>_<KEY>_FILE\` names;
3. the key in the configuration file;
4. for a secret, the file that \`<key>_file\` in the configuration file names;
5. the default.

A secret and a file with it, both variables or both in the configuration file, contradict each other and are refused.
The file of a secret holds nothing else; an end of line at its end and a byte order mark are left out. Paths are taken
from the working directory.

## The file

The file is read as Python's \`configparser\` reads it, as files of the original are: \`key = value\` or \`key: value\`, keys
in any case, and a line that is indented deeper continues the value. A line is a comment only where it begins with \`#\`
or \`;\`; elsewhere in a value they mean themselves. \`%(key)s\` stands for another value of the section or of \`[DEFAULT]\`,
and a percent sign is written \`%%\`.

A duration is the sum of whole numbers with units: \`2 weeks\`, \`1 week, 3 days\`, \`1h30m\`, \`90s\`, \`300 ms\`.

## Coming from the original

A file of the original works as it is, with these differences, each for safety:

- The certificate of the LDAP server is checked. One from a private authority needs \`ca_file\` in \`[ldap]\`.
- A \`secret_key\` that is the original's default, short or easy to guess is refused, as are the other samples.
- \`valid_gid\` must be a whole number. For groups by name, set \`group_rule = memberOf\` and \`group_dn\`.
- \`gitlab_base_url\` must be https unless it is on this machine, as the access token is sent there.
- \`debug\` takes a yes or no, where the original takes anything else for no.
- Unknown sections and keys are refused, since most are misspelt ones.
`

const initial = ({ presence }: ConfigKey): string => {
  switch (presence._tag) {
    case "Required":
      return "must be set"
    case "Conditional":
      return `must be set unless ${presence.unless}`
    case "Default":
      return presence.text === "" ? "empty" : `\`${presence.text}\``
    case "Optional":
      return presence.means
  }
}

const section = (name: Section): string =>
  [
    `## [${name}]`,
    "",
    sectionDocs[name],
    "",
    ...placedKeys
      .filter((placed) => placed.section === name)
      .flatMap(({ key, name }) => [
        `### ${name}`,
        "",
        key.doc,
        "",
        `- Accepted: ${key.value.accepts}.`,
        `- Default: ${initial(key)}.`,
        ...(key.value.secret ? [`- A secret: never printed, and may come from \`${name}_file\`.`] : []),
        ""
      ])
  ].join("\n")

/**
 * The whole reference as Markdown.
 *
 * @category printing
 * @since 0.1.0
 */
export const reference: string = [
  introduction,
  ...Object.keys(configKeys).map((name) => section(name as Section))
].join("\n")
