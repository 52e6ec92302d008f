/** The reference of the configuration for people, made from the table of keys. */
import { configKeys, sectionKeys, type PlacedKey, type Section, sectionDocs, variableName } from "./keys/ConfigKeys.ts"

const introduction = `# Configuration

<!-- Generated from packages/server/src/config/keys/*.ts by the test of ConfigReference; \`vitest -u\` updates it. -->

\`gitlab-registry-usage-rest -c FILE\` reads an INI file. Without \`-c\` it reads \`/etc/gitlab_registry_usage_rest.conf\`, if
that file exists. \`--print-default-config\` prints a file with every key to begin with. \`--print-config\` prints the values
in effect and where each is set, without secrets. The program reports all problems at once, each with its line or
variable, and exits with status 2.

## Where values come from

For each key, the first of these that sets it counts:

1. the environment variable \`GITLAB_REGISTRY_USAGE_<SECTION>_<KEY>\`, such as \`${variableName("ldap", "base_dn")}\`, unless it
   is empty;
2. for a secret, the file that \`GITLAB_REGISTRY_USAGE_<SECTION>_<KEY>_FILE\` names;
3. the key in the configuration file;
4. for a secret, the file that \`<key>_file\` in the configuration file names;
5. the key in the file that \`GITLAB_REGISTRY_USAGE_DEFAULTS_FILE\` names, which has the same syntax; the container image
   brings one ([operating](operating.md#container));
6. the default.

A secret and a file with the secret contradict each other where both are variables or both are in the configuration file,
and are refused. The file of a secret contains nothing else; a byte order mark and an end of line at its end are removed.
Paths are relative to the working directory.

The server reads these files again while it runs, without a restart, whenever they are replaced: the files of \`bind_password\`,
\`access_token\`, \`api_token\`, \`events_token\`, \`metrics_token\`, \`password\` and \`url\` (of which only the password counts),
\`tls_certificate_file\` with \`tls_key_file\`, and the files that \`url\` names. Kubernetes replaces files so when a secret changes,
but not those of a \`subPath\`. Other files count at the start.

An unknown variable that begins like those of a section is refused, because most are misspelt. Variables that Kubernetes
sets for Services, such as \`GITLAB_REGISTRY_USAGE_DATABASE_SERVICE_HOST\` and
\`GITLAB_REGISTRY_USAGE_DATABASE_PORT=tcp://10.0.0.3:5432\`, are ignored. That includes the variable of a key, such as
\`GITLAB_REGISTRY_USAGE_GENERAL_METRICS_PORT\`, while its value is such a URL.

## The file

The file has the syntax of Python's \`configparser\`, like the files of the original: \`key = value\` or \`key: value\`. Keys
may have any case. A line that is indented deeper continues the value. A line is a comment only where it begins with \`#\`
or \`;\`; elsewhere these characters are part of the value. \`%(key)s\` stands for another value of the section or of
\`[DEFAULT]\`, and a percent sign is written \`%%\`.

A duration is the sum of whole numbers with units: \`2 weeks\`, \`1 week, 3 days\`, \`1h30m\`, \`90s\`, \`300 ms\`.

## Coming from the original

A file of the original works unchanged, with these differences, each for safety:

- The certificate of the LDAP server is verified. One from a private authority needs \`ca_file\` in \`[ldap]\`.
- A \`secret_key\` that is the original's default, short or easy to guess is refused, like the other samples.
- \`valid_gid\` must be a whole number. For groups by name, set \`group_rule = memberOf\` and \`group_dn\`.
- \`gitlab_base_url\` must be https unless it is on this machine, because the access token is sent there.
- \`debug\` accepts yes or no, where the original takes every other text for no.
- Unknown sections and keys are refused, because most are misspelt.
`

const initial = ({ absence, initial, presence }: PlacedKey["key"]): string =>
  presence !== "default" ? absence : initial === "" ? "empty" : `\`${initial}\``

const section = (name: Section): string =>
  [
    `## [${name}]`,
    "",
    sectionDocs[name],
    "",
    ...sectionKeys(name).flatMap(({ key, name }) => [
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

/** The whole reference as Markdown. */
export const reference: string = [
  introduction,
  ...Object.keys(configKeys).map((name) => section(name as Section))
].join("\n")
