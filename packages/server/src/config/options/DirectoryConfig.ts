/** The section [ldap] as options of the directory, with the rules over several of its keys. */
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Effect, type FileSystem, Redacted, Result } from "effect"
import type { KeyOf, Settings } from "../keys/ConfigKeys.ts"
import { type Findings, notSet } from "../source/ConfigDecoding.ts"
import { readCertificates, renewedSecret } from "./NamedFile.ts"

type Ldap = Settings["ldap"]
type Report = (key: KeyOf<"ldap">, message: string) => void

/** A host without a scheme is LDAP over TLS, as in the original. */
const urlScheme = ({ host, start_tls }: Ldap): "ldap" | "ldaps" => host.scheme ?? (start_tls ? "ldap" : "ldaps")

const checkTransport = (ldap: Ldap, problem: Report, { warning }: Findings): void => {
  const { insecure_plaintext, insecure_skip_verify, start_tls } = ldap
  const tls = urlScheme(ldap) === "ldaps"
  if (tls && start_tls) problem("start_tls", "ldaps:// is TLS already; write ldap:// in host, or remove start_tls")
  if (!tls && start_tls && insecure_plaintext) {
    problem("insecure_plaintext", "start_tls asks for TLS; keep one of the two")
  }
  if (!tls && !start_tls && !insecure_plaintext) {
    problem(
      "host",
      "ldap:// would send passwords readable; use ldaps://, set start_tls = yes, or accept it with insecure_plaintext = yes"
    )
  }
  if (insecure_plaintext) {
    warning("[ldap] insecure_plaintext is on: passwords are sent to the directory readable for everybody on the way")
  }
  if (insecure_skip_verify) {
    warning("[ldap] insecure_skip_verify is on: anybody on the way can pose as the directory and read the passwords")
  }
}

const groupRule = (ldap: Ldap, problem: Report): LdapDirectory.GroupRule => {
  // The original checks no group where the attribute is empty.
  const rule = ldap.gid_attribute === "" && ldap.group_rule === "gid" ? "none" : ldap.group_rule
  if (rule !== "memberOf" && ldap.group_dn !== undefined) {
    problem("group_dn", "is for group_rule = memberOf only; set that, or remove it")
  }
  if (rule !== "memberUid" && ldap.group_base_dn !== undefined) {
    problem("group_base_dn", "is for group_rule = memberUid only; set that, or remove it")
  }
  if (rule === "none") return { _tag: "Anyone" }
  if (rule === "memberOf") return { _tag: "MemberOf", groups: ldap.group_dn ?? [] }
  if (ldap.valid_gid === undefined) problem("valid_gid", notSet("ldap", "valid_gid"))
  const group = { gids: ldap.valid_gid ?? [], attribute: ldap.gid_attribute }
  return rule === "gid"
    ? { _tag: "PrimaryGroup", ...group }
    : { _tag: "PosixGroup", ...group, baseDn: ldap.group_base_dn }
}

const serviceAccount = (ldap: Ldap, problem: Report) => {
  const { bind_dn: dn, bind_password: password } = ldap
  if (dn === undefined && password === undefined) return undefined
  if (dn === undefined) problem("bind_dn", "is not set, but bind_password is; set both or none")
  if (password === undefined) problem("bind_password", "is not set, but bind_dn is; set both or none")
  return { dn: dn ?? "", password: password ?? Redacted.make("") }
}

const renewedService = Effect.fnUntraced(function* (service: ReturnType<typeof serviceAccount>, findings: Findings) {
  if (service === undefined) return undefined
  return { ...service, password: yield* renewedSecret(findings, "ldap", "bind_password", service.password) }
})

/** The key of each option that the directory checks. */
const optionKeys: Readonly<Record<string, KeyOf<"ldap">>> = {
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
  serverName: "server_name",
  insecurePlaintext: "insecure_plaintext",
  insecureSkipVerify: "insecure_skip_verify",
  deadline: "login_timeout",
  refusalTime: "refusal_time",
  maxConnections: "max_connections"
}

/** The options of the directory. Problems become findings; then the options must not be used. */
export const directoryConfig = Effect.fnUntraced(function* (
  ldap: Ldap,
  findings: Findings
): Effect.fn.Return<LdapDirectory.Options, never, FileSystem.FileSystem> {
  const problem: Report = (key, message) => findings.problem("ldap", key, message)
  checkTransport(ldap, problem, findings)
  const { hostname, port } = ldap.host
  const options: LdapDirectory.Options = {
    url: `${urlScheme(ldap)}://${hostname}${port === undefined ? "" : `:${port}`}`,
    baseDn: ldap.base_dn,
    group: groupRule(ldap, problem),
    usernameAttribute: ldap.username_attribute,
    service: yield* renewedService(serviceAccount(ldap, problem), findings),
    certificateAuthorities: yield* readCertificates(findings, "ldap", "ca_file", ldap.ca_file),
    serverName: ldap.server_name,
    insecurePlaintext: ldap.insecure_plaintext || undefined,
    insecureSkipVerify: ldap.insecure_skip_verify || undefined,
    deadline: ldap.login_timeout,
    refusalTime: ldap.refusal_time,
    maxConnections: ldap.max_connections
  }
  const valid = LdapDirectory.validate(options)
  if (Result.isFailure(valid)) {
    for (const { message, option } of valid.failure.problems) problem(optionKeys[option] ?? "host", message)
  }
  return options
})
