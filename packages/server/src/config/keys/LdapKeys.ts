/** The section [ldap]: who may sign in. */
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

export const ldapKeys = {
  host: required(
    directoryHost,
    "myldap.com",
    "The directory. A name without a scheme means ldaps:// as in the original, or ldap:// with start_tls. Unlike the original, the server verifies the certificate."
  ),
  base_dn: expected(distinguishedName, "dc=example,dc=com", "The entry below which the users are."),
  valid_gid: conditional(
    groupIds,
    "00000",
    "group_rule is memberOf or none",
    "The id of the group whose members may sign in."
  ),
  username_attribute: withDefault(attribute, "uid", "The attribute of a user's entry with the name to sign in with."),
  gid_attribute: withDefault(
    attributeOrNothing,
    "gidNumber",
    "The attribute of a user's entry with the id of the primary group. Empty is short for group_rule = none."
  ),
  group_rule: withDefault(
    oneOf("gid", "memberUid", "memberOf", "none"),
    "gid",
    "Which users may sign in. gid: those whose entry has valid_gid in gid_attribute, which is the primary group only. memberUid: these, and those that a posixGroup with valid_gid lists. memberOf: those whose entry names a group of group_dn. none: all users below base_dn."
  ),
  group_dn: optional(
    distinguishedNames,
    "none; group_rule = memberOf needs it",
    "The groups whose members may sign in, for group_rule = memberOf."
  ),
  group_base_dn: optional(
    distinguishedName,
    "base_dn",
    "The entry below which the groups are, for group_rule = memberUid."
  ),
  bind_dn: optional(distinguishedName, "the search is anonymous", "The account that searches for the user."),
  bind_password: optional(secret, "none; bind_dn needs it", "The password of bind_dn."),
  ca_file: optional(
    path,
    "the authorities that Node.js trusts",
    "A PEM file with the certificates of the authorities that the server trusts for the directory."
  ),
  server_name: optional(
    text,
    "the name in host",
    "The name in the directory's certificate, if it is not the name in host."
  ),
  start_tls: withDefault(
    boolean,
    "no",
    "Connects in plaintext and upgrades to TLS before anything is sent (StartTLS)."
  ),
  insecure_plaintext: withDefault(
    boolean,
    "no",
    "Sends passwords over ldap:// without TLS. Everybody on the network path can read them. The server logs a warning at each start."
  ),
  insecure_skip_verify: withDefault(
    boolean,
    "no",
    "Accepts any certificate, like the original. Everybody on the network path can impersonate the directory and read the passwords. The server logs a warning at each start."
  ),
  login_timeout: withDefault(duration("100 millis"), "10 seconds", "How long one sign-in may take."),
  refusal_time: withDefault(
    duration("0 seconds"),
    "300 ms",
    "How long after its start a sign-in is refused. With a value longer than the directory usually takes, the time does not show whether the user exists."
  ),
  login_failures: withDefault(
    integer(1, 1000),
    "4",
    "After how many wrong passwords for one user, in any spelling of the name, the server refuses sign-ins of this user for a while: from an address, and after as many from several addresses, from all from which the user never signed in. Keep it at least two below the directory's own lockout, so that nobody can lock users out of the directory through this server."
  ),
  login_failures_per_address: withDefault(
    integer(1, 1_000_000),
    "50",
    "After how many wrong passwords from one address (IPv6: one network /64) the server refuses sign-ins from there for a while, except of users who signed in from there before."
  ),
  login_window: withDefault(
    duration("1 second"),
    "5 minutes",
    "How long after the first wrong password the counts are reset and sign-ins are accepted again."
  ),
  max_connections: withDefault(
    integer(1, 10_000),
    "16",
    "How many sign-ins may use the directory at the same time. Further ones wait for at most login_timeout."
  )
} as const
