/** The kinds of values of the section [ldap]. */
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { isLine, list, textWhere, value } from "./ConfigValue.ts"

export const attribute = textWhere("the name of an LDAP attribute", LdapDirectory.isAttribute)

export const attributeOrNothing = textWhere(
  `${attribute.accepts}, or nothing`,
  (text) => text === "" || LdapDirectory.isAttribute(text)
)

const gids = list(
  "a group id, a whole number from 0 to 4294967295, or several separated by commas",
  1,
  (item) => /^\d{1,15}$/.test(item) && LdapDirectory.isGid(Number(item))
)

/** Ids of groups, at least one. */
export const groupIds = value(gids.accepts, (text) => gids.decode(text)?.map(Number))

const isDn = (text: string) => isLine(text) && LdapDirectory.isDn(text)

export const distinguishedName = textWhere("a distinguished name such as ou=people,dc=example,dc=com", isDn)

/** Distinguished names, at least one. They hold commas, so other characters separate them. */
export const distinguishedNames = list(
  "a distinguished name such as cn=users,dc=example,dc=com, or several separated by ; or on lines of their own",
  1,
  isDn,
  /[;\n]/
)

/** The address of a directory. Without a scheme the connection is LDAP over TLS, as in the original. */
export interface DirectoryHost {
  readonly scheme: "ldap" | "ldaps" | undefined
  readonly hostname: string
  readonly port: number | undefined
}

/** A host name or address, with or without `ldap://` or `ldaps://` and a port. */
export const directoryHost = value(
  "a host name such as ldap.example.com, also with a port or as ldaps://… or ldap://…",
  (text): DirectoryHost | undefined => {
    const match = /^(?:(ldaps?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?\/?$/i.exec(
      text
    )
    const port = match?.[3] === undefined ? undefined : Number(match[3])
    if (match?.[2] === undefined || (port !== undefined && (port < 1 || port > 65_535))) return undefined
    return { scheme: match[1]?.toLowerCase() as DirectoryHost["scheme"], hostname: match[2], port }
  }
)
