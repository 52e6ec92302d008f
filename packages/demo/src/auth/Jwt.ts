/**
 * The tokens of the embedded token service, which the embedded registry verifies.
 *
 * Sources: RFC 7519; CNCF distribution, "Token authentication implementation".
 */
import { Clock, Effect, Option, Schema } from "effect"
import { jwtVerify, SignJWT } from "jose"

/** The permitted actions on one resource. `type` is `repository` or `registry`. */
export const Access = Schema.Struct({
  type: Schema.String,
  name: Schema.String,
  actions: Schema.Array(Schema.String)
})
export type Access = typeof Access.Type

/**
 * The claims of a token. Times are in seconds since 1970.
 */
export const Claims = Schema.Struct({
  iss: Schema.String,
  aud: Schema.String,
  sub: Schema.String,
  iat: Schema.Int,
  nbf: Schema.Int,
  exp: Schema.Int,
  jti: Schema.String,
  access: Schema.Array(Access)
})
export type Claims = typeof Claims.Type

export interface Jwt {
  readonly sign: (claims: Claims) => Effect.Effect<string>
  /** Returns the claims of a token that this key signed and that has not expired. */
  readonly verify: (token: string) => Effect.Effect<Option.Option<Claims>>
}

const decodeClaims = Schema.decodeUnknownOption(Claims)

/** Signs with HS256 and a random key. */
export const make: Effect.Effect<Jwt> = Effect.sync(() => {
  const key = crypto.getRandomValues(new Uint8Array(32))
  return {
    sign: (claims) =>
      Effect.promise(() => new SignJWT({ ...claims }).setProtectedHeader({ typ: "JWT", alg: "HS256" }).sign(key)),
    verify: Effect.fnUntraced(function* (token) {
      const currentDate = new Date(yield* Clock.currentTimeMillis)
      return yield* Effect.tryPromise(() => jwtVerify(token, key, { algorithms: ["HS256"], currentDate })).pipe(
        Effect.map(({ payload }) => decodeClaims(payload)),
        Effect.orElseSucceed(() => Option.none<Claims>())
      )
    })
  }
})
