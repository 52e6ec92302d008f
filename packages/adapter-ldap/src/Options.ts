/**
 * What an operator says about the directory, and what of it is wrong.
 *
 * @since 0.1.0
 */
import * as NodeCrypto from "node:crypto"
import { Duration, Option, Redacted, Result, Schema } from "effect"

/**
 * Who of the directory's users may sign in.
 *
 * - `Anyone`: every user below the base.
 * - `PrimaryGroup`: whose own entry has one of the group ids in `attribute` (`gidNumber`). Members that only the group's
 *   entry lists are not found, and cannot sign in.
 * - `PosixGroup`: as `PrimaryGroup`, and those whom a `posixGroup` with one of the ids lists in `memberUid` (RFC 2307).
 * - `MemberOf`: whose own entry names one of the groups in `attribute` (`memberOf`).
 *
 * @category models
 * @since 0.1.0
 */
export type GroupRule =
  | { readonly _tag: "Anyone" }
  | {
      readonly _tag: "PrimaryGroup"
      readonly gids: ReadonlyArray<number>
      readonly attribute?: string | undefined
    }
  | {
      readonly _tag: "PosixGroup"
      readonly gids: ReadonlyArray<number>
      readonly attribute?: string | undefined
      readonly memberAttribute?: string | undefined
      /** Where the groups are; `baseDn` of the options by default. */
      readonly baseDn?: string | undefined
    }
  | {
      readonly _tag: "MemberOf"
      readonly groups: ReadonlyArray<string>
      readonly attribute?: string | undefined
    }

/**
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** `ldaps://host[:636]` speaks TLS at once, `ldap://host[:389]` upgrades with StartTLS before anything else. */
  readonly url: string
  /** Below which entry the users are. */
  readonly baseDn: string
  readonly group: GroupRule
  /** The attribute that holds the user's name; `uid` by default. */
  readonly usernameAttribute?: string | undefined
  /** Who searches; nobody (anonymous) by default. */
  readonly service?: { readonly dn: string; readonly password: Redacted.Redacted } | undefined
  /** PEM of the authorities to trust instead of the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string> | undefined
  /** The name that the server's certificate is for, where it is not the host of the URL. */
  readonly serverName?: string | undefined
  /** Sends passwords in the clear over `ldap://`. */
  readonly insecurePlaintext?: boolean | undefined
  /** Accepts any certificate, so that anybody on the way can read the passwords. */
  readonly insecureSkipVerify?: boolean | undefined
  /** How long one sign-in may take, with the wait for a free connection; 10 seconds by default. */
  readonly deadline?: Duration.Input | undefined
  /**
   * How long after its begin a refusal is answered, so that its time does not tell an unknown user from a wrong
   * password; 300 milliseconds by default. Choose it longer than the directory usually takes.
   */
  readonly refusalTime?: Duration.Input | undefined
  /** How many sign-ins may be at the directory at the same time; 16 by default. */
  readonly maxConnections?: number | undefined
}

/**
 * The options cannot be used. Each problem names the option and says what to do; none holds a password.
 *
 * @category errors
 * @since 0.1.0
 */
export class LdapOptionsError extends Schema.TaggedError<LdapOptionsError>()("LdapOptionsError", {
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `the directory cannot be used: ${this.problems.join("; ")}`
  }
}

/**
 * Options with every default filled in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  readonly url: string
  readonly host: string
  readonly transport: "tls" | "startTls" | "plaintext"
  readonly baseDn: string
  readonly group: GroupRule
  readonly usernameAttribute: string
  readonly service: { readonly dn: string; readonly password: Redacted.Redacted } | undefined
  readonly certificateAuthorities: ReadonlyArray<string> | undefined
  readonly serverName: string | undefined
  readonly verifyCertificate: boolean
  readonly deadline: Duration.Duration
  readonly refusalTime: Duration.Duration
  readonly maxConnections: number
}

/** An attribute description without options (RFC 4512, section 1.4): a name or an object identifier. */
const attributePattern = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)$/
/** The beginning of a distinguished name (RFC 4514). It keeps out what ldapts takes for a SASL mechanism. */
const dnPattern = /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=/
const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * Whether a text begins as a distinguished name with at least one component does.
 *
 * @category guards
 * @since 0.1.0
 */
export const isDn = (text: string): boolean => dnPattern.test(text)

const urlProblems = (text: string): ReadonlyArray<string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !["ldap:", "ldaps:"].includes(url.protocol) || url.hostname === "") {
    return ["url: not an LDAP URL; write ldaps://host, or ldap://host for StartTLS"]
  }
  // The text is not repeated: it may hold a password.
  return url.username !== "" || url.password !== "" || !["", "/"].includes(url.pathname) || url.search + url.hash !== ""
    ? [
        "url: only a scheme, a host and a port belong there; the base, the user and the password have options of their own"
      ]
    : []
}

const attributeProblems = (option: string, name: string | undefined): ReadonlyArray<string> =>
  name === undefined || attributePattern.test(name) ? [] : [`${option}: not the name of an attribute`]

const dnProblems = (option: string, dn: string): ReadonlyArray<string> =>
  isDn(dn) ? [] : [`${option}: not a distinguished name, such as ou=people,dc=example,dc=org`]

const gidProblems = (gids: ReadonlyArray<number>): ReadonlyArray<string> => [
  ...(gids.length === 0 ? ["group.gids: give at least one group id"] : []),
  ...(gids.every((gid) => Number.isInteger(gid) && gid >= 0 && gid <= 0xffff_ffff)
    ? []
    : ["group.gids: a group id is a whole number from 0 to 4294967295"])
]

const groupProblems = (group: GroupRule): ReadonlyArray<string> => {
  switch (group._tag) {
    case "Anyone":
      return []
    case "PrimaryGroup":
      return [...gidProblems(group.gids), ...attributeProblems("group.attribute", group.attribute)]
    case "PosixGroup":
      return [
        ...gidProblems(group.gids),
        ...attributeProblems("group.attribute", group.attribute),
        ...attributeProblems("group.memberAttribute", group.memberAttribute),
        ...(group.baseDn === undefined ? [] : dnProblems("group.baseDn", group.baseDn))
      ]
    case "MemberOf":
      return [
        ...(group.groups.length === 0 ? ["group.groups: give at least one group"] : []),
        ...group.groups.flatMap((dn) => dnProblems("group.groups", dn)),
        ...attributeProblems("group.attribute", group.attribute)
      ]
  }
}

const serviceProblems = (service: Options["service"]): ReadonlyArray<string> =>
  service === undefined
    ? []
    : [
        ...dnProblems("service.dn", service.dn),
        // A bind with a name and no password succeeds as nobody (RFC 4513, section 5.1.2).
        ...(Redacted.value(service.password).trim() === "" ? ["service.password: empty"] : [])
      ]

const isCertificate = (pem: string): boolean => Result.isSuccess(Result.try(() => new NodeCrypto.X509Certificate(pem)))

const authorityProblems = (authorities: ReadonlyArray<string>): ReadonlyArray<string> =>
  authorities.every((pem) => {
    const found = pem.match(certificatePattern)
    return found !== null && found.every(isCertificate)
  }) && authorities.length > 0
    ? []
    : ["certificateAuthorities: not certificates in PEM"]

const transportProblems = (options: Options, transport: Settings["transport"]): ReadonlyArray<string> => [
  ...(options.insecurePlaintext === true && transport === "tls"
    ? ["insecurePlaintext: an ldaps:// URL is never plaintext; remove the one or the other"]
    : []),
  ...(transport === "plaintext" &&
  (options.certificateAuthorities ?? options.serverName ?? options.insecureSkipVerify) !== undefined
    ? ["insecurePlaintext: without TLS there is no certificate to check; remove the options about certificates"]
    : [])
]

const duration = (input: Duration.Input): Duration.Duration | undefined =>
  Option.getOrUndefined(Option.filter(Duration.fromInput(input), Duration.isFinite))

/**
 * The options with their defaults, or all that is wrong with them.
 *
 * @category validation
 * @since 0.1.0
 */
export const validate = (options: Options): Result.Result<Settings, LdapOptionsError> => {
  const problems = [
    ...urlProblems(options.url),
    ...dnProblems("baseDn", options.baseDn),
    ...groupProblems(options.group),
    ...attributeProblems("usernameAttribute", options.usernameAttribute),
    ...serviceProblems(options.service)
  ]
  const secure = options.url.toLowerCase().startsWith("ldaps:")
  const transport = secure ? "tls" : options.insecurePlaintext === true ? "plaintext" : "startTls"
  problems.push(...transportProblems(options, transport))
  if (options.certificateAuthorities !== undefined) problems.push(...authorityProblems(options.certificateAuthorities))
  const deadline = duration(options.deadline ?? "10 seconds")
  if (deadline === undefined || Duration.toMillis(deadline) <= 0) problems.push("deadline: not a positive duration")
  const refusalTime = duration(options.refusalTime ?? "300 millis")
  if (refusalTime === undefined) problems.push("refusalTime: not a duration")
  const maxConnections = options.maxConnections ?? 16
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1) problems.push("maxConnections: not at least 1")
  if (problems.length > 0 || deadline === undefined || refusalTime === undefined) {
    return Result.fail(new LdapOptionsError({ problems }))
  }
  return Result.succeed({
    url: options.url,
    host: new URL(options.url).hostname.replace(/^\[|\]$/g, ""),
    transport,
    baseDn: options.baseDn,
    group: options.group,
    usernameAttribute: options.usernameAttribute ?? "uid",
    service: options.service,
    certificateAuthorities: options.certificateAuthorities,
    serverName: options.serverName,
    verifyCertificate: options.insecureSkipVerify !== true,
    deadline,
    refusalTime,
    maxConnections
  })
}
