/** Verifies the tokens that this package issues. */
import { Authentication } from "@gitlab-registry-usage/core"
import { Clock, DateTime, Effect, Schema } from "effect"
import { decodeProtectedHeader, errors, jwtVerify } from "jose"
import type { KeySet } from "./KeySet.ts"

/** Our tokens have about 500 bytes; longer texts than this are not decoded. */
const maximumLength = 8192

/**
 * Whether the text is three parts in strict base64url. Decoders accept padding, spaces and unused bits, which RFC 7515,
 * section 2 forbids; refusing them gives each token one spelling.
 */
const isCompact = (token: string): boolean => {
  const parts = token.split(".")
  return (
    parts.length === 3 &&
    parts.every((part) => part !== "" && Buffer.from(part, "base64url").toString("base64url") === part)
  )
}

/** How many seconds the clocks of two replicas may differ. It applies to `iat` and `nbf`, never to `exp`. */
const clockTolerance = 30

/**
 * The whole header of our tokens. Others are refused: `crit` and `b64` change the meaning of a token, and `jku`, `x5u`,
 * `jwk` and `x5c` name or contain keys.
 */
const Header = Schema.Struct({ alg: Schema.String, typ: Schema.String, kid: Schema.String })
const decodeHeader = Schema.decodeUnknownEffect(Header, { onExcessProperty: "error" })

/** Seconds since 1970 that a `DateTime` can hold. */
const Seconds = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 8_640_000_000_000 }))

const Claims = Schema.Struct({
  iss: Schema.NonEmptyString,
  aud: Schema.NonEmptyString,
  sub: Schema.NonEmptyString,
  jti: Schema.NonEmptyString,
  iat: Seconds,
  nbf: Seconds,
  exp: Seconds
})
const decodeClaims = Schema.decodeUnknownEffect(Claims)

const invalid = (detail: string) =>
  new Authentication.TokenError({ reason: new Authentication.TokenInvalid({ detail }) })
const expired = (detail: string) =>
  new Authentication.TokenError({ reason: new Authentication.TokenExpired({ detail }) })

/**
 * Maps an error of jose to one of the port. It keeps only jose's code and the name of a claim, because the rest may quote
 * the token. Every other error, such as a key that does not fit the algorithm, also means an invalid token.
 */
const classify = (cause: unknown): Authentication.TokenError => {
  if (cause instanceof errors.JWTExpired) return expired("past its expiry")
  if (cause instanceof errors.JWTClaimValidationFailed) return invalid(`${cause.code}: ${cause.claim} ${cause.reason}`)
  return invalid(cause instanceof errors.JOSEError ? cause.code : "not verifiable")
}

/**
 * Returns a function that verifies a token with these keys and claims. It makes no request; it only runs `notBefore`.
 */
export const verifier = (options: {
  readonly keys: KeySet
  readonly issuer: string
  readonly audience: string
  readonly mediaType: string
  readonly notBefore: Effect.Effect<DateTime.Utc>
}) =>
  Effect.fnUntraced(function* (token: string) {
    if (token.length > maximumLength) return yield* invalid(`longer than ${maximumLength} characters`)
    if (!isCompact(token)) return yield* invalid("not three parts in base64url")
    const header = yield* Effect.try({ try: () => decodeProtectedHeader(token), catch: classify }).pipe(
      Effect.flatMap((header) => Effect.mapError(decodeHeader(header), () => invalid("a header that is not ours")))
    )
    const key = options.keys.byId.get(header.kid)
    if (key === undefined) return yield* invalid("signed with an unknown key")

    const now = yield* Clock.currentTimeMillis
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(token, key.verifying, {
          algorithms: [key.algorithm],
          issuer: options.issuer,
          audience: options.audience,
          typ: options.mediaType,
          requiredClaims: ["exp", "iat", "nbf", "sub", "jti"],
          clockTolerance,
          currentDate: new Date(now)
        }),
      catch: classify
    })
    // jose takes any number for a date and any value for `sub` and `jti`.
    const claims = yield* Effect.mapError(decodeClaims(payload), () => invalid("claims that are not ours"))
    if (claims.exp * 1000 <= now) return yield* expired("past its expiry")
    if (claims.iat > now / 1000 + clockTolerance) return yield* invalid("issued in the future")
    if (claims.iat * 1000 <= DateTime.toEpochMillis(yield* options.notBefore)) {
      return yield* invalid("issued before tokens were revoked")
    }
    return {
      principal: { username: claims.sub },
      id: claims.jti,
      issuedAt: DateTime.makeUnsafe(claims.iat * 1000),
      expiresAt: DateTime.makeUnsafe(claims.exp * 1000)
    }
  })
