/** The table of all configuration keys, from which the configuration is read, checked, printed and documented. */
import type { ConfigKey, Decoded } from "./ConfigKey.ts"
import { databaseKeys } from "./DatabaseKeys.ts"
import { generalKeys } from "./GeneralKeys.ts"
import { jwtKeys } from "./JwtKeys.ts"
import { ldapKeys } from "./LdapKeys.ts"
import { registryKeys } from "./RegistryKeys.ts"

/** The keys by section, in the order in which they are printed. */
export const configKeys = {
  general: generalKeys,
  ldap: ldapKeys,
  jwt: jwtKeys,
  registry: registryKeys,
  database: databaseKeys
} as const

export type Section = keyof typeof configKeys

/** The decoded values by section and key. */
export type Settings = {
  readonly [S in Section]: { readonly [K in keyof (typeof configKeys)[S]]: Decoded<(typeof configKeys)[S][K]> }
}

/** The name of a key of a section. */
export type KeyOf<S extends Section> = keyof Settings[S] & string

/** A key with its place. */
export interface PlacedKey {
  readonly section: Section
  readonly name: string
  readonly key: ConfigKey
}

/** Every key of the table, in its order. */
export const placedKeys: ReadonlyArray<PlacedKey> = Object.entries(configKeys).flatMap(([section, keys]) =>
  Object.entries<ConfigKey>(keys).map(([name, key]) => ({ section: section as Section, name, key }))
)

/** What a section is for, in one sentence. */
export const sectionDocs: { readonly [S in Section]: string } = {
  general: "The HTTP server and its logs.",
  ldap: "Who may sign in.",
  jwt: "The tokens of signed-in users.",
  registry: "Which registry is read, and how often.",
  database: "Where snapshots and their history are stored."
}

/** The keys of a section, in their order. */
export const sectionKeys = (section: string): ReadonlyArray<PlacedKey> =>
  placedKeys.filter((placed) => placed.section === section)

/** How a key is named in messages: `[ldap] base_dn`. */
export const address = (section: string, name: string): string => `[${section}] ${name}`

/** The environment variable of a key: `GITLAB_REGISTRY_USAGE_LDAP_BASE_DN`. */
export const variableName = (section: string, name: string): string =>
  `GITLAB_REGISTRY_USAGE_${section}_${name}`.toUpperCase()

/** The names that set a key: its own, and for a secret also that of a file with the secret. */
export const settingNames = ({ key, name }: PlacedKey): ReadonlyArray<string> =>
  key.value.secret ? [name, `${name}_file`] : [name]
