/**
 * The section [ldap] as options of the directory, with the rules over several of its keys.
 *
 * @since 0.1.0
 */
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Effect, type FileSystem, Redacted, Result } from "effect"
import { type Findings, notSet } from "../source/ConfigDecoding.ts"
import type { Settings } from "../keys/ConfigKeys.ts"
import { readCertificates } from "./NamedFile.ts"

type Ldap = Settings["ldap"]

/** A host without a scheme is spoken to over TLS from the first byte, as the original does. */
const schemeOf = ({ host, start_tls }: Ldap): "ldap" | "ldaps" => host.scheme ?? (start_tls ? "ldap" : "ldaps")

const checkTransport = (ldap: Ldap, { problem, warning }: Findings): void => {
  const tls = schemeOf(ldap) === "ldaps"
  if (tls && ldap.start_tls)
    problem("ldap", "start_tls", "ldaps:// is TLS already; write ldap:// in host, or remove start_tls")
  if (tls && ldap.insecure_plaintext) {
    problem(
      "ldap",
      "insecure_plaintext",
      "the connection is ldaps://, never plaintext; write ldap:// in host, or remove it"
    )
  }
  if (!tls && ldap.start_tls && ldap.insecure_plaintext) {
    problem("ldap", "insecure_plaintext", "start_tls asks for TLS; keep one of the two")
  }
  if (!tls && !ldap.start_tls && !ldap.insecure_plaintext) {
    problem(
      "ldap",
      "host",
      "ldap:// would send passwords readable; use ldaps://, set start_tls = yes, or accept it with insecure_plaintext = yes"
    )
  }
  const plaintext = !tls && ldap.insecure_plaintext && !ldap.start_tls
  if (plaintext) {
    warning("[ldap] insecure_plaintext is on: passwords are sent to the directory readable for everybody on the way")
    for (const key of ["ca_file", "server_name"] as const) {
      if (ldap[key] !== undefined) problem("ldap", key, "has no use without TLS, which insecure_plaintext switches off")
    }
    if (ldap.insecure_skip_verify) {
      problem("ldap", "insecure_skip_verify", "has no use without TLS, which insecure_plaintext switches off")
    }
  } else if (ldap.insecure_skip_verify) {
    warning("[ldap] insecure_skip_verify is on: anybody on the way can pose as the directory and read the passwords")
  }
}

const groupOf = (ldap: Ldap, { problem }: Findings): LdapDirectory.GroupRule => {
  // The original looks at no group where the attribute is empty.
  const rule = ldap.gid_attribute === "" && ldap.group_rule === "gid" ? "none" : ldap.group_rule
  if (rule !== "memberOf" && ldap.group_dn !== undefined) {
    problem("ldap", "group_dn", "is for group_rule = memberOf only; set that, or remove it")
  }
  if (rule !== "memberUid" && ldap.group_base_dn !== undefined) {
    problem("ldap", "group_base_dn", "is for group_rule = memberUid only; set that, or remove it")
  }
  if (rule === "none") return { _tag: "Anyone" }
  if (rule === "memberOf") {
    if (ldap.group_dn === undefined) problem("ldap", "group_dn", "is not set, but group_rule = memberOf needs it")
    return { _tag: "MemberOf", groups: ldap.group_dn ?? [] }
  }
  if (ldap.valid_gid === undefined) {
    problem("ldap", "valid_gid", notSet("ldap", "valid_gid"))
  }
  if (ldap.gid_attribute === "") {
    problem("ldap", "gid_attribute", "is empty, but group_rule = memberUid needs it")
  }
  const gids = ldap.valid_gid ?? []
  return rule === "gid"
    ? { _tag: "PrimaryGroup", gids, attribute: ldap.gid_attribute }
    : { _tag: "PosixGroup", gids, attribute: ldap.gid_attribute, baseDn: ldap.group_base_dn }
}

const serviceOf = (ldap: Ldap, { problem }: Findings): LdapDirectory.Options["service"] => {
  const { bind_dn: dn, bind_password: password } = ldap
  if (dn === undefined && password === undefined) return undefined
  if (dn === undefined) problem("ldap", "bind_dn", "is not set, but bind_password is; set both or none")
  if (password === undefined) problem("ldap", "bind_password", "is not set, but bind_dn is; set both or none")
  return { dn: dn ?? "", password: password ?? Redacted.make("") }
}

/** What the directory itself may still find, by the key that its option comes from. */
const keyOf: Record<string, keyof Ldap> = {
  url: "host",
  baseDn: "base_dn",
  usernameAttribute: "username_attribute",
  "group.gids": "valid_gid",
  "group.attribute": "gid_attribute",
  "group.baseDn": "group_base_dn",
  "group.groups": "group_dn",
  "service.dn": "bind_dn",
  "service.password": "bind_password",
  certificateAuthorities: "ca_file",
  deadline: "login_timeout",
  refusalTime: "refusal_time",
  maxConnections: "max_connections",
  insecurePlaintext: "insecure_plaintext"
}

/**
 * The options of the directory. What is wrong becomes findings; then the options are not to be used.
 *
 * @category configuration
 * @since 0.1.0
 */
export const directoryConfig = Effect.fnUntraced(function* (
  ldap: Ldap,
  findings: Findings
): Effect.fn.Return<LdapDirectory.Options, never, FileSystem.FileSystem> {
  checkTransport(ldap, findings)
  const { hostname, port } = ldap.host
  const options: LdapDirectory.Options = {
    url: `${schemeOf(ldap)}://${hostname}${port === undefined ? "" : `:${port}`}`,
    baseDn: ldap.base_dn,
    group: groupOf(ldap, findings),
    usernameAttribute: ldap.username_attribute,
    service: serviceOf(ldap, findings),
    certificateAuthorities: yield* readCertificates(findings, "ldap", "ca_file", ldap.ca_file),
    serverName: ldap.server_name,
    insecurePlaintext: ldap.insecure_plaintext || undefined,
    insecureSkipVerify: ldap.insecure_skip_verify || undefined,
    deadline: ldap.login_timeout,
    refusalTime: ldap.refusal_time,
    maxConnections: ldap.max_connections
  }
  const valid = LdapDirectory.validate(options)
  if (Result.isFailure(valid) && findings.problems.length === 0) {
    for (const text of valid.failure.problems) {
      const [option = "", ...rest] = text.split(": ")
      findings.problem("ldap", keyOf[option] ?? "host", rest.join(": "))
    }
  }
  return options
})
