/**
 * The kinds of values that only a directory has.
 *
 * @since 0.1.0
 */
import { type ConfigValue, parts, read } from "./ConfigValue.ts"

const attributeGrammar = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)$/

/**
 * The name of an LDAP attribute. RFC 4512, section 1.4: a descriptor or an object identifier in digits.
 *
 * @category kinds
 * @since 0.1.0
 */
export const attribute: ConfigValue<string> = read("the name of an LDAP attribute", (text) =>
  attributeGrammar.test(text) ? text : undefined
)

/**
 * The name of an LDAP attribute, or nothing.
 *
 * @category kinds
 * @since 0.1.0
 */
export const attributeOrNothing: ConfigValue<string> = read(`${attribute.accepts}, or nothing`, (text) =>
  text === "" || attributeGrammar.test(text) ? text : undefined
)

/**
 * Ids of groups, at least one.
 *
 * @category kinds
 * @since 0.1.0
 */
export const groupIds: ConfigValue<ReadonlyArray<number>> = read(
  "a group id, a whole number from 0 to 4294967295, or several separated by commas",
  (text) => {
    const ids = parts(text, /[,\n]/).map((part) => (/^\d{1,15}$/.test(part) ? Number(part) : Number.NaN))
    return ids.length > 0 && ids.every((id) => id <= 0xffff_ffff) ? ids : undefined
  }
)

const isDistinguishedName = (text: string) => /^[A-Za-z0-9.-]+\s*=[^\p{Cc}]+$/u.test(text)

/**
 * A distinguished name. Its parts are the directory's to judge; what is not of the form `name=value,…` is refused here.
 *
 * @category kinds
 * @since 0.1.0
 */
export const distinguishedName: ConfigValue<string> = read(
  "a distinguished name such as ou=people,dc=example,dc=com",
  (text) => (isDistinguishedName(text) ? text : undefined)
)

/**
 * Distinguished names, at least one. They hold commas, so other characters separate them.
 *
 * @category kinds
 * @since 0.1.0
 */
export const distinguishedNames: ConfigValue<ReadonlyArray<string>> = read(
  "a distinguished name such as cn=users,dc=example,dc=com, or several separated by ; or on lines of their own",
  (text) => {
    const names = parts(text, /[;\n]/)
    return names.length > 0 && names.every(isDistinguishedName) ? names : undefined
  }
)

/**
 * Where a directory listens. Without a scheme the connection is LDAP over TLS, as it always was in the original.
 *
 * @category models
 * @since 0.1.0
 */
export interface DirectoryHost {
  readonly scheme: "ldap" | "ldaps" | undefined
  readonly hostname: string
  readonly port: number | undefined
}

/**
 * A host name or address, with or without `ldap://` or `ldaps://` and a port.
 *
 * @category kinds
 * @since 0.1.0
 */
export const directoryHost: ConfigValue<DirectoryHost> = read(
  "a host name such as ldap.example.com, also with a port or as ldaps://… or ldap://…",
  (text) => {
    const match = /^(?:(ldaps?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?\/?$/i.exec(
      text
    )
    const port = match?.[3] === undefined ? undefined : Number(match[3])
    if (match?.[2] === undefined || (port !== undefined && (port < 1 || port > 65_535))) return undefined
    return { scheme: match[1]?.toLowerCase() as DirectoryHost["scheme"], hostname: match[2], port }
  }
)
