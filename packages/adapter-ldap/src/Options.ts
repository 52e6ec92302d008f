/**
 * The options of the directory, and their validation.
 *
 * @since 0.1.0
 */
import * as NodeCrypto from "node:crypto"
import { OptionProblem, type Secret } from "@gitlab-registry-usage/core"
import { Duration, Option, Redacted, Result, Schema } from "effect"

/**
 * Which users of the directory may sign in.
 *
 * - `Anyone`: every user below the base.
 * - `PrimaryGroup`: users whose entry has one of the group ids in `attribute` (`gidNumber`). Members that only the
 *   group's entry lists cannot sign in.
 * - `PosixGroup`: like `PrimaryGroup`, and users that a `posixGroup` with one of the ids lists in `memberUid` (RFC
 *   2307).
 * - `MemberOf`: users whose entry names one of the groups in `attribute` (`memberOf`).
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
  /** The entry below which the users are. */
  readonly baseDn: string
  readonly group: GroupRule
  /** The attribute with the user's name; `uid` by default. */
  readonly usernameAttribute?: string | undefined
  /** The account that searches; the search is anonymous by default. */
  readonly service?: { readonly dn: string; readonly password: Secret.Secret } | undefined
  /** PEM of the authorities to trust instead of the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string> | undefined
  /** The name in the server's certificate, if it is not the host of the URL. */
  readonly serverName?: string | undefined
  /** Permits `ldap://` without StartTLS: passwords are sent unencrypted. */
  readonly insecurePlaintext?: boolean | undefined
  /** Accepts any certificate, so that everybody on the network path can read the passwords. */
  readonly insecureSkipVerify?: boolean | undefined
  /** How long one sign-in may take, with the wait for a free connection; 10 seconds by default. */
  readonly deadline?: Duration.Input | undefined
  /**
   * How long after its start a sign-in is refused; 300 milliseconds by default. With a value longer than the directory
   * usually takes, the time does not show whether the user exists.
   */
  readonly refusalTime?: Duration.Input | undefined
  /** How many sign-ins may use the directory at the same time; 16 by default. */
  readonly maxConnections?: number | undefined
}

/**
 * The options cannot be used. Each problem names the option and says what to do; none holds a password.
 *
 * @category errors
 * @since 0.1.0
 */
export class LdapOptionsError extends Schema.TaggedError<LdapOptionsError>()("LdapOptionsError", {
  problems: Schema.Array(OptionProblem.OptionProblem)
}) {
  override get message(): string {
    return `the directory cannot be used: ${OptionProblem.format(this.problems)}`
  }
}

/**
 * Options with every default filled in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings extends Options {
  readonly host: string
  readonly transport: "tls" | "startTls" | "plaintext"
  readonly usernameAttribute: string
  readonly deadline: Duration.Duration
  readonly refusalTime: Duration.Duration
  readonly maxConnections: number
}

const attributePattern = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)$/

/**
 * Whether the text is the name of an attribute: a descriptor or an object identifier in digits (RFC 4512, section 1.4).
 *
 * @category guards
 * @since 0.1.0
 */
export const isAttribute = (text: string): boolean => attributePattern.test(text)

const dnPattern = /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=./s

/**
 * Whether the text begins like a distinguished name (RFC 4514) of at least one component; the directory judges the rest.
 * This also refuses what ldapts takes for a SASL mechanism.
 *
 * @category guards
 * @since 0.1.0
 */
export const isDn = (text: string): boolean => dnPattern.test(text)

/**
 * Whether the number is the id of a group: a whole number of 32 bits.
 *
 * @category guards
 * @since 0.1.0
 */
export const isGid = (gid: number): boolean => Number.isInteger(gid) && gid >= 0 && gid <= 0xffff_ffff

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * The certificates in a text, each as PEM, or `undefined` where there is none or one cannot be read.
 *
 * @category parsing
 * @since 0.1.0
 */
export const certificates = (pem: string): ReadonlyArray<string> | undefined => {
  const found = pem.match(certificatePattern)
  const read = Result.try(() => found?.map((certificate) => new NodeCrypto.X509Certificate(certificate)))
  return Result.isSuccess(read) ? (found ?? undefined) : undefined
}

const finite = (input: Duration.Input): Duration.Duration | undefined =>
  Option.getOrUndefined(Option.filter(Duration.fromInput(input), Duration.isFinite))

type Check = (valid: boolean, option: string, message: string) => void

const checkUrl = (text: string, check: Check): void => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !["ldap:", "ldaps:"].includes(url.protocol) || url.hostname === "") {
    return check(false, "url", "not an LDAP URL; write ldaps://host, or ldap://host for StartTLS")
  }
  const { hash, password, pathname, search, username } = url
  check(
    username + password + search + hash === "" && ["", "/"].includes(pathname),
    "url",
    // The text is not repeated: it may hold a password.
    "only a scheme, a host and a port belong there; the base, the user and the password have options of their own"
  )
}

const checkAttribute = (option: string, name: string | undefined, check: Check): void =>
  check(name === undefined || isAttribute(name), option, "not the name of an attribute")

const checkDn = (option: string, dn: string | undefined, check: Check): void =>
  check(dn === undefined || isDn(dn), option, "not a distinguished name, such as ou=people,dc=example,dc=org")

const checkGroup = (group: GroupRule, check: Check): void => {
  if (group._tag === "Anyone") return
  checkAttribute("group.attribute", group.attribute, check)
  if (group._tag === "MemberOf") {
    check(group.groups.length > 0, "group.groups", "give at least one group")
    for (const dn of group.groups) checkDn("group.groups", dn, check)
    return
  }
  check(group.gids.length > 0, "group.gids", "give at least one group id")
  check(group.gids.every(isGid), "group.gids", "a group id is a whole number from 0 to 4294967295")
  if (group._tag === "PosixGroup") {
    checkAttribute("group.memberAttribute", group.memberAttribute, check)
    checkDn("group.baseDn", group.baseDn, check)
  }
}

const checkTransport = (options: Options, transport: Settings["transport"], check: Check): void => {
  if (transport === "plaintext") {
    for (const option of ["certificateAuthorities", "serverName", "insecureSkipVerify"] as const) {
      check(options[option] === undefined, option, "has no use without TLS, which insecurePlaintext switches off")
    }
  }
  check(
    transport !== "tls" || options.insecurePlaintext !== true,
    "insecurePlaintext",
    "the connection is ldaps://, never plaintext; write ldap:// in the URL, or remove this option"
  )
}

/**
 * The options with their defaults, or all their problems. It makes no connection.
 *
 * @category validation
 * @since 0.1.0
 */
export const validate = (options: Options): Result.Result<Settings, LdapOptionsError> => {
  const problems: Array<OptionProblem.OptionProblem> = []
  const check: Check = (valid, option, message) => {
    if (!valid) problems.push({ option, message })
  }
  const { baseDn, certificateAuthorities, group, service, url } = options
  const secure = url.toLowerCase().startsWith("ldaps:")
  const transport = secure ? "tls" : options.insecurePlaintext === true ? "plaintext" : "startTls"
  const usernameAttribute = options.usernameAttribute ?? "uid"
  const deadline = finite(options.deadline ?? "10 seconds")
  const refusalTime = finite(options.refusalTime ?? "300 millis")
  const maxConnections = options.maxConnections ?? 16

  checkUrl(url, check)
  checkDn("baseDn", baseDn, check)
  checkGroup(group, check)
  checkAttribute("usernameAttribute", usernameAttribute, check)
  if (service !== undefined) {
    checkDn("service.dn", service.dn, check)
    // A bind with a name and no password is anonymous and succeeds (RFC 4513, section 5.1.2).
    const isEmpty = Redacted.isRedacted(service.password) && Redacted.value(service.password).trim() === ""
    check(!isEmpty, "service.password", "empty")
  }
  checkTransport(options, transport, check)
  check(
    certificateAuthorities?.length !== 0 && certificateAuthorities?.every(certificates) !== false,
    "certificateAuthorities",
    "not certificates in PEM"
  )
  check(deadline !== undefined && Duration.toMillis(deadline) > 0, "deadline", "not a positive duration")
  check(refusalTime !== undefined, "refusalTime", "not a duration")
  check(Number.isSafeInteger(maxConnections) && maxConnections >= 1, "maxConnections", "not at least 1")
  if (problems.length > 0 || deadline === undefined || refusalTime === undefined) {
    return Result.fail(new LdapOptionsError({ problems }))
  }
  return Result.succeed({
    ...options,
    host: new URL(url).hostname.replace(/^\[|\]$/g, ""),
    transport,
    usernameAttribute,
    deadline,
    refusalTime,
    maxConnections
  })
}
