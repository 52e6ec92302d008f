/**
 * Sign-in against an LDAP directory.
 *
 * @since 0.1.0
 */
export * as LdapDirectory from "./LdapDirectory.ts"
