/**
 * Tokens for Node code without Effect: plain options, promises, errors with a stable `code`.
 *
 * @since 0.1.0
 */
import { DateTime, Effect, Redacted } from "effect"
import * as JwtTokens from "./JwtTokens.ts"
import * as KeySet from "./KeySet.ts"

/**
 * A key, as text: a secret that all issuers and verifiers share (HS256, at least 32 bytes), or a private key as PEM or JSON
 * Web Key (Ed25519: EdDSA, RSA: RS256). `publicKey` is for keys that only verify.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = { readonly secret: string } | { readonly privateKey: string } | { readonly publicKey: string }

/** @category options @since 0.1.0 */
export interface Options {
  /** The key that signs, and verifies. */
  readonly key: Exclude<Key, { readonly publicKey: string }>
  /** Previous keys. Their tokens are valid until they expire. */
  readonly previous?: ReadonlyArray<Key>
  /** The issuer, unique for each deployment, such as its URL. */
  readonly issuer: string
  /** The audience of the tokens. */
  readonly audience: string
  /** How long a token is valid, in milliseconds; two weeks by default. */
  readonly life?: number
  /** Tokens issued before this instant are refused. */
  readonly notBefore?: Date
}

/**
 * A token, and the instant at which it expires.
 *
 * @category models
 * @since 0.1.0
 */
export interface IssuedToken {
  readonly token: string
  readonly expiresAt: Date
}

/**
 * The user and the times of a verified token.
 *
 * @category models
 * @since 0.1.0
 */
export interface VerifiedToken {
  readonly username: string
  /** Unique for each token. */
  readonly id: string
  readonly issuedAt: Date
  readonly expiresAt: Date
}

/**
 * The `code` is `ERR_TOKEN_EXPIRED`, `ERR_TOKEN_INVALID`, or `ERR_TOKEN_OPTIONS` for options that cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenFailure extends Error {
  override readonly name = "TokenFailure"
  readonly code: "ERR_TOKEN_EXPIRED" | "ERR_TOKEN_INVALID" | "ERR_TOKEN_OPTIONS"

  constructor(code: TokenFailure["code"], message: string) {
    super(message)
    this.code = code
  }
}

const toKey = (key: Key) =>
  "secret" in key
    ? KeySet.sharedSecret(Redacted.make(key.secret))
    : "privateKey" in key
      ? KeySet.privateKey(Redacted.make(key.privateKey))
      : KeySet.publicKey(key.publicKey)

const tokens = (options: Options) =>
  JwtTokens.make({
    current: toKey(options.key) as KeySet.SigningKey,
    previous: options.previous?.map(toKey),
    issuer: options.issuer,
    audience: options.audience,
    life: options.life,
    notBefore: options.notBefore === undefined ? undefined : Effect.succeed(DateTime.fromDateUnsafe(options.notBefore))
  }).pipe(Effect.mapError((error) => new TokenFailure("ERR_TOKEN_OPTIONS", error.message)))

/**
 * Issues a token to a user. Verify the credentials first. Rejects with `ERR_TOKEN_OPTIONS`.
 *
 * @category tokens
 * @since 0.1.0
 */
export const issueToken = (options: Options, username: string): Promise<IssuedToken> =>
  Effect.runPromise(
    Effect.flatMap(tokens(options), ({ tokens }) => tokens.issue({ username })).pipe(
      Effect.map(({ expiresAt, token }) => ({ token: Redacted.value(token), expiresAt: DateTime.toDateUtc(expiresAt) }))
    )
  )

/**
 * Verifies a token that `issueToken` returned with the same options. Rejects with a `TokenFailure`.
 *
 * @category tokens
 * @since 0.1.0
 */
export const verifyToken = (options: Options, token: string): Promise<VerifiedToken> =>
  Effect.runPromise(
    Effect.flatMap(tokens(options), ({ tokens }) =>
      Effect.mapError(
        tokens.verify(Redacted.make(token)),
        (error) =>
          new TokenFailure(
            error.reason._tag === "TokenExpired" ? "ERR_TOKEN_EXPIRED" : "ERR_TOKEN_INVALID",
            error.message
          )
      )
    ).pipe(
      Effect.map(({ expiresAt, id, issuedAt, principal }) => ({
        username: principal.username,
        id,
        issuedAt: DateTime.toDateUtc(issuedAt),
        expiresAt: DateTime.toDateUtc(expiresAt)
      }))
    )
  )
