/**
 * Sign-in against LDAP for Node code without Effect: plain options, promises, errors with a stable `code`.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit, Redacted } from "effect"
import * as LdapDirectory from "./LdapDirectory.ts"

/**
 * Which users may sign in: all users below the base (`anyone`); users with a group id in `gidNumber` (`gid`); these and
 * the users that a posixGroup lists in `memberUid` (`memberUid`); or users whose entry names one of the groups in
 * `memberOf` (`memberOf`).
 *
 * @category models
 * @since 0.1.0
 */
export type Group =
  | { readonly rule: "anyone" }
  | { readonly rule: "gid" | "memberUid"; readonly gids: ReadonlyArray<number>; readonly attribute?: string }
  | { readonly rule: "memberOf"; readonly groups: ReadonlyArray<string>; readonly attribute?: string }

/** @category options @since 0.1.0 */
export interface Options {
  /** `ldaps://host[:636]` speaks TLS at once, `ldap://host[:389]` upgrades with StartTLS before anything else. */
  readonly url: string
  /** The entry below which the users are. */
  readonly baseDn: string
  readonly group: Group
  /** The attribute with the user's name; `uid` by default. */
  readonly usernameAttribute?: string
  /** The account that searches; the search is anonymous by default. */
  readonly service?: { readonly dn: string; readonly password: string }
  /** PEM of the authorities to trust instead of the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string>
  /** The name in the server's certificate, if it is not the host of the URL. */
  readonly serverName?: string
  /** Permits `ldap://` without StartTLS: passwords are sent unencrypted. */
  readonly insecurePlaintext?: boolean
  /** Accepts any certificate, so that everybody on the network path can read the passwords. */
  readonly insecureSkipVerify?: boolean
  /** How long one sign-in may take, in milliseconds; 10,000 by default. */
  readonly deadline?: number
  /** Ends the sign-in, and closes its connection. */
  readonly signal?: AbortSignal
}

/**
 * The `code` is `ERR_LOGIN_INVALID` for refused credentials, `ERR_LOGIN_UNAVAILABLE` for a directory that does not work,
 * and `ERR_LOGIN_OPTIONS` for options that cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginFailure extends Error {
  override readonly name = "LoginFailure"
  readonly code: "ERR_LOGIN_INVALID" | "ERR_LOGIN_UNAVAILABLE" | "ERR_LOGIN_OPTIONS"

  constructor(code: LoginFailure["code"], message: string) {
    super(message)
    this.code = code
  }
}

const toGroupRule = (group: Group): LdapDirectory.GroupRule => {
  switch (group.rule) {
    case "anyone":
      return { _tag: "Anyone" }
    case "gid":
      return { _tag: "PrimaryGroup", gids: group.gids, attribute: group.attribute }
    case "memberUid":
      return { _tag: "PosixGroup", gids: group.gids, attribute: group.attribute }
    case "memberOf":
      return { _tag: "MemberOf", groups: group.groups, attribute: group.attribute }
  }
}

/**
 * Verifies credentials. Resolves to the user name in the directory's spelling; rejects with a `LoginFailure`, or with
 * the signal's reason.
 *
 * @category sign-in
 * @since 0.1.0
 */
export const verifyLogin = async (
  options: Options,
  username: string,
  password: string
): Promise<{ readonly username: string }> => {
  const { group, service, signal, ...rest } = options
  signal?.throwIfAborted()
  const exit = await Effect.runPromiseExit(
    LdapDirectory.make({
      ...rest,
      group: toGroupRule(group),
      service: service === undefined ? undefined : { dn: service.dn, password: Redacted.make(service.password) }
    }).pipe(
      Effect.mapError((error) => new LoginFailure("ERR_LOGIN_OPTIONS", error.message)),
      Effect.flatMap((directory) =>
        Effect.mapError(
          directory.verify({ username, password: Redacted.make(password) }),
          (error) =>
            new LoginFailure(
              error.reason._tag === "InvalidCredentials" ? "ERR_LOGIN_INVALID" : "ERR_LOGIN_UNAVAILABLE",
              error.message
            )
        )
      )
    ),
    { signal }
  )
  if (Exit.isSuccess(exit)) return exit.value
  if (signal?.aborted === true && Cause.hasInterruptsOnly(exit.cause)) throw signal.reason
  throw Cause.squash(exit.cause)
}
