/**
 * The ports of signing in: a directory that knows the users, and tokens that remember a sign-in.
 *
 * @since 0.1.0
 */
import type { DateTime, Effect, Redacted } from "effect"
import { Context, Schema } from "effect"

/**
 * What a person types in to sign in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credentials {
  readonly username: string
  readonly password: Redacted.Redacted
}

/**
 * Somebody whose credentials were verified. `username` is the directory's own spelling, not the typed one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Principal {
  readonly username: string
}

/**
 * The credentials are wrong, or the user may not sign in. The error does not say which.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidCredentials extends Schema.TaggedError<InvalidCredentials>()("InvalidCredentials", {}) {
  override get message(): string {
    return "the user name or the password is wrong, or the user is not allowed to sign in"
  }
}

/**
 * The directory could not be reached, or not safely. The credentials may be right. `detail` is for the
 * operator's log, not for the person.
 *
 * @category errors
 * @since 0.1.0
 */
export class DirectoryUnavailable extends Schema.TaggedError<DirectoryUnavailable>()("DirectoryUnavailable", {
  detail: Schema.String
}) {}

/**
 * The one error of the `Directory` port.
 *
 * @category errors
 * @since 0.1.0
 */
export class DirectoryError extends Schema.TaggedError<DirectoryError>()("DirectoryError", {
  reason: Schema.Union([InvalidCredentials, DirectoryUnavailable])
}) {
  override get message(): string {
    return this.reason._tag === "DirectoryUnavailable"
      ? `the directory is unavailable: ${this.reason.detail}`
      : this.reason.message
  }
}

/**
 * Verifies credentials. Every adapter passes `DirectoryTest.suite` of `@gitlab-registry-usage/core/conformance`: empty
 * and blank passwords and user names are refused without asking anybody, and a wrong password, an unknown user and a
 * user who may not sign in fail with the same error. All names of one user have one entry.
 *
 * @category services
 * @since 0.1.0
 */
export class Directory extends Context.Service<
  Directory,
  {
    /**
     * Runs `found` with the name of the entry that it found, such as its distinguished name, before it checks the password;
     * an error of `found` ends the sign-in. A directory in which each user has one name only need not do so.
     */
    readonly verify: <E = never>(
      credentials: Credentials,
      found?: (entry: string) => Effect.Effect<void, E>
    ) => Effect.Effect<Principal, DirectoryError | E>
  }
>()("@gitlab-registry-usage/core/Authentication/Directory") {}

/**
 * A token that was issued, and the instant from which it is no longer accepted.
 *
 * @category models
 * @since 0.1.0
 */
export interface IssuedToken {
  readonly token: Redacted.Redacted
  readonly expiresAt: DateTime.Utc
}

/**
 * A token that was verified: who holds it, its unique id, when it was issued and when it expires.
 *
 * @category models
 * @since 0.1.0
 */
export interface VerifiedToken {
  readonly principal: Principal
  readonly id: string
  readonly issuedAt: DateTime.Utc
  readonly expiresAt: DateTime.Utc
}

/**
 * The token was valid once.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenExpired extends Schema.TaggedError<TokenExpired>()("TokenExpired", { detail: Schema.String }) {}

/**
 * The token is not one that this service issued for itself: malformed, forged, for another audience, not yet valid.
 * `detail` is for the operator's log, not for the sender.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenInvalid extends Schema.TaggedError<TokenInvalid>()("TokenInvalid", { detail: Schema.String }) {}

/**
 * The one error of the `Tokens` port.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenError extends Schema.TaggedError<TokenError>()("TokenError", {
  reason: Schema.Union([TokenExpired, TokenInvalid])
}) {
  override get message(): string {
    return this.reason._tag === "TokenExpired" ? "the token has expired" : "the token is not valid"
  }
}

/**
 * Issues and verifies tokens. Every adapter passes `TokensTest.suite` of `@gitlab-registry-usage/core/conformance`:
 * what was issued verifies to the same principal until it expires, and nothing else verifies.
 *
 * @category services
 * @since 0.1.0
 */
export class Tokens extends Context.Service<
  Tokens,
  {
    readonly issue: (principal: Principal) => Effect.Effect<IssuedToken>
    readonly verify: (token: Redacted.Redacted) => Effect.Effect<VerifiedToken, TokenError>
  }
>()("@gitlab-registry-usage/core/Authentication/Tokens") {}
