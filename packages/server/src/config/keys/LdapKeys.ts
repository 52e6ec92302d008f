/**
 * The section [ldap]: who may sign in.
 *
 * @since 0.1.0
 */
import { conditional, expected, optional, required, withDefault } from "./ConfigKey.ts"
import { boolean, duration, integer, oneOf, path, secret, text } from "./ConfigValue.ts"
import {
  attribute,
  attributeOrNothing,
  directoryHost,
  distinguishedName,
  distinguishedNames,
  groupIds
} from "./DirectoryValue.ts"

/**
 * @category keys
 * @since 0.1.0
 */
export const ldapKeys = {
  host: required(
    directoryHost,
    "myldap.com",
    "The directory. A name without a scheme means ldaps:// as in the original, or ldap:// with start_tls. Unlike in the original, its certificate is checked."
  ),
  base_dn: expected(distinguishedName, "dc=example,dc=com", "Below which entry the users are."),
  valid_gid: conditional(
    groupIds,
    "00000",
    "group_rule is memberOf or none",
    "The id of the group whose members may sign in."
  ),
  username_attribute: withDefault(
    attribute,
    "uid",
    "The attribute of a user's entry that holds the name to sign in with."
  ),
  gid_attribute: withDefault(
    attributeOrNothing,
    "gidNumber",
    "The attribute of a user's entry that holds the id of the primary group. Empty is short for group_rule = none."
  ),
  group_rule: withDefault(
    oneOf("gid", "memberUid", "memberOf", "none"),
    "gid",
    "Who is a member. gid: whose own entry has valid_gid in gid_attribute, that is, as primary group only. memberUid: those too, and whom a posixGroup with valid_gid lists. memberOf: whose own entry names a group of group_dn. none: everybody below base_dn."
  ),
  group_dn: optional(
    distinguishedNames,
    "needed for group_rule = memberOf",
    "The groups whose members may sign in, for group_rule = memberOf."
  ),
  group_base_dn: optional(
    distinguishedName,
    "base_dn",
    "Below which entry the groups are, for group_rule = memberUid."
  ),
  bind_dn: optional(distinguishedName, "the search is anonymous", "Who searches for the user who signs in."),
  bind_password: optional(secret, "needed with bind_dn", "The password of bind_dn."),
  ca_file: optional(
    path,
    "the authorities that Node.js trusts",
    "A PEM file with the certificates of the authorities that may have issued the directory's certificate."
  ),
  server_name: optional(
    text,
    "the name in host",
    "The name that the directory's certificate is for, where it is not the one in host."
  ),
  start_tls: withDefault(
    boolean,
    "no",
    "Connects in plaintext and upgrades to TLS before anything is sent (StartTLS)."
  ),
  insecure_plaintext: withDefault(
    boolean,
    "no",
    "Sends passwords readable over ldap:// without TLS. Everybody on the way sees them; there is a warning at each start."
  ),
  insecure_skip_verify: withDefault(
    boolean,
    "no",
    "Accepts any certificate, as the original did. Everybody on the way can pose as the directory and see the passwords; there is a warning at each start."
  ),
  login_timeout: withDefault(duration("100 millis"), "10 seconds", "How long one sign-in may take."),
  refusal_time: withDefault(
    duration("0 seconds"),
    "300 ms",
    "After which time a refusal is answered, so that the time does not tell an unknown user from a wrong password. Longer than the directory usually takes."
  ),
  login_failures: withDefault(
    integer(1, 1000),
    "4",
    "How many wrong passwords for one user, in any spelling of the name, make a pause in which none is tried. Keep it below the directory's own lockout, so that nobody is locked out there by way of this server."
  ),
  login_failures_per_address: withDefault(
    integer(1, 1_000_000),
    "50",
    "How many wrong passwords from one address make a pause for that address."
  ),
  login_window: withDefault(
    duration("1 second"),
    "5 minutes",
    "How long after the first wrong password they are all forgotten, and a pause ends."
  ),
  max_connections: withDefault(
    integer(1, 10_000),
    "16",
    "How many sign-ins may be at the directory at the same time; further ones wait within login_timeout."
  )
} as const
