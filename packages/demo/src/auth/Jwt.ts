/**
 * The tokens that the embedded token service issues and the embedded registry trusts.
 *
 * Sources: RFC 7519; CNCF distribution, "Token authentication implementation".
 */
import { Clock, Effect, Option, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"

/**
 * What a token permits on one thing. `type` is `repository` or `registry`.
 */
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
  /** The claims of a token that this key signed and that has not expired. */
  readonly verify: (token: string) => Effect.Effect<Option.Option<Claims>>
}

const encoder = new TextEncoder()
const algorithm = { name: "HMAC", hash: "SHA-256" }
const decodeClaims = Schema.decodeUnknownOption(Schema.fromJsonString(Claims))

/**
 * Signs with HS256 under a key that nobody else knows.
 */
export const make: Effect.Effect<Jwt> = Effect.gen(function* () {
  const key = yield* Effect.promise(() =>
    crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), algorithm, false, ["sign", "verify"])
  )
  const header = Base64Url.encode(JSON.stringify({ typ: "JWT", alg: "HS256" }))
  return {
    sign: (claims) => {
      const signed = `${header}.${Base64Url.encode(JSON.stringify(claims))}`
      return Effect.map(
        Effect.promise(() => crypto.subtle.sign(algorithm, key, encoder.encode(signed))),
        (signature) => `${signed}.${Base64Url.encode(new Uint8Array(signature))}`
      )
    },
    verify: Effect.fnUntraced(function* (token) {
      const [head, payload = "", signature = ""] = token.split(".")
      const bytes = Result.getOrElse(Base64Url.decode(signature), () => new Uint8Array())
      const genuine = yield* Effect.promise(() =>
        crypto.subtle.verify(algorithm, key, new Uint8Array(bytes), encoder.encode(`${head}.${payload}`))
      )
      const now = yield* Clock.currentTimeMillis
      return genuine
        ? Option.filter(
            Option.flatMap(Result.getSuccess(Base64Url.decodeString(payload)), decodeClaims),
            ({ exp }) => exp * 1000 > now
          )
        : Option.none()
    })
  }
})
