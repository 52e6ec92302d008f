/**
 * All keys of the configuration: the one table from which it is read, checked, printed and documented.
 *
 * @since 0.1.0
 */
import type { ConfigKey, Decoded } from "./ConfigKey.ts"
import { databaseKeys } from "./DatabaseKeys.ts"
import { generalKeys } from "./GeneralKeys.ts"
import { jwtKeys } from "./JwtKeys.ts"
import { ldapKeys } from "./LdapKeys.ts"
import { registryKeys } from "./RegistryKeys.ts"

/**
 * The keys by section, in the order in which they are printed.
 *
 * @category keys
 * @since 0.1.0
 */
export const configKeys = {
  general: generalKeys,
  ldap: ldapKeys,
  jwt: jwtKeys,
  registry: registryKeys,
  database: databaseKeys
} as const

/**
 * @category keys
 * @since 0.1.0
 */
export type Section = keyof typeof configKeys

/**
 * The decoded values by section and key.
 *
 * @category models
 * @since 0.1.0
 */
export type Settings = {
  readonly [S in Section]: { readonly [K in keyof (typeof configKeys)[S]]: Decoded<(typeof configKeys)[S][K]> }
}

/**
 * A key with its place.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlacedKey {
  readonly section: Section
  readonly name: string
  readonly key: ConfigKey
}

/**
 * Every key of the table, in its order.
 *
 * @category keys
 * @since 0.1.0
 */
export const placedKeys: ReadonlyArray<PlacedKey> = Object.entries(configKeys).flatMap(([section, keys]) =>
  Object.entries<ConfigKey>(keys).map(([name, key]) => ({ section: section as Section, name, key }))
)

/**
 * What a section is for, in one sentence.
 *
 * @category keys
 * @since 0.1.0
 */
export const sectionDocs: { readonly [S in Section]: string } = {
  general: "The HTTP server and what it writes down.",
  ldap: "Who may sign in.",
  jwt: "The tokens of those who signed in.",
  registry: "Which registry is read, and how often.",
  database: "Where snapshots and their history are kept."
}
