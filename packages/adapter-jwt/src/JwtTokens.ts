/**
 * The `Tokens` port as signed JSON Web Tokens (RFC 7519), with the precautions of RFC 8725.
 *
 * @since 0.1.0
 */
import { Authentication, type OptionProblem } from "@gitlab-registry-usage/core"
import { Clock, Context, DateTime, Duration, Effect, Layer, Redacted } from "effect"
import { type JSONWebKeySet, SignJWT } from "jose"
import * as KeySet from "./KeySet.ts"
import { verifier } from "./Verification.ts"

/**
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The key that signs, and verifies. */
  readonly current: KeySet.SigningKey
  /** Previous keys. Their tokens are valid until they expire; keep each key for one `life`. */
  readonly previous?: ReadonlyArray<KeySet.SigningKey | KeySet.PublicKey> | undefined
  /** The issuer (claim `iss`), unique for each deployment, such as its URL. */
  readonly issuer: string
  /** The audience (claim `aud`). */
  readonly audience: string
  /** How long a token is valid, in whole seconds; two weeks by default. */
  readonly life?: Duration.Input | undefined
  /**
   * Tokens issued before this instant, or in the same second, are refused. Each verification runs the effect, so that
   * replicas can share the instant in a store. By default no token is refused.
   */
  readonly notBefore?: Effect.Effect<DateTime.Utc> | undefined
}

/**
 * A JSON Web Key Set (RFC 7517) of public keys.
 *
 * @category models
 * @since 0.1.0
 */
export interface PublicKeySet extends JSONWebKeySet {}

/**
 * The public keys with which others can verify the tokens; no keys where a secret is shared.
 *
 * @category services
 * @since 0.1.0
 */
export class PublicKeys extends Context.Service<PublicKeys, PublicKeySet>()(
  "@gitlab-registry-usage/adapter-jwt/PublicKeys"
) {}

/**
 * The header `typ` of the tokens. Other tokens that the same key signs are refused (RFC 8725, section 3.11).
 *
 * @category constants
 * @since 0.1.0
 */
export const mediaType = "gitlab-registry-usage+jwt"

/** The default of `notBefore`: earlier than any token. */
const beforeAll = DateTime.makeUnsafe(-1)

const settings = Effect.fnUntraced(function* (options: Options) {
  const life = Math.floor(Duration.toMillis(options.life ?? "14 days") / 1000)
  const problems: Array<OptionProblem.OptionProblem> = []
  if (options.issuer === "") problems.push({ option: "issuer", message: "empty; give the URL of this service" })
  if (options.audience === "") problems.push({ option: "audience", message: "empty; give the name of this service" })
  if (!Number.isSafeInteger(life) || life < 1) problems.push({ option: "life", message: "not at least one second" })
  const keys = yield* KeySet.make(options.current, options.previous ?? []).pipe(
    Effect.mapError((error) => new KeySet.JwtOptionsError({ problems: [...error.problems, ...problems] }))
  )
  if (problems.length > 0) return yield* new KeySet.JwtOptionsError({ problems })
  return { keys, life }
})

/**
 * The port and the public keys. Fails with all problems of the options at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options) {
  const { keys, life } = yield* settings(options)
  const verify = verifier({
    keys,
    issuer: options.issuer,
    audience: options.audience,
    mediaType,
    notBefore: options.notBefore ?? Effect.succeed(beforeAll)
  })
  const tokens = Authentication.Tokens.of({
    issue: Effect.fn("Tokens.issue")(function* ({ username }) {
      const issuedAt = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const expiresAt = issuedAt + life
      const { current } = keys
      const token = yield* Effect.promise(() =>
        new SignJWT()
          .setProtectedHeader({ alg: current.algorithm, typ: mediaType, kid: current.id })
          .setIssuer(options.issuer)
          .setAudience(options.audience)
          .setSubject(username)
          .setIssuedAt(issuedAt)
          .setNotBefore(issuedAt)
          .setExpirationTime(expiresAt)
          .setJti(crypto.randomUUID())
          .sign(current.signing)
      )
      return { token: Redacted.make(token), expiresAt: DateTime.makeUnsafe(expiresAt * 1000) }
    }),
    verify: Effect.fn("Tokens.verify")((token) => verify(Redacted.value(token)))
  })
  const publicKeys: PublicKeySet = keys.published
  return { tokens, publicKeys }
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Authentication.Tokens | PublicKeys, KeySet.JwtOptionsError> =>
  Layer.effectContext(
    Effect.map(make(options), ({ tokens, publicKeys }) =>
      Context.make(Authentication.Tokens, tokens).pipe(Context.add(PublicKeys, publicKeys))
    )
  )
