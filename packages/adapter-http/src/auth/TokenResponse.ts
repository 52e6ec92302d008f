/**
 * The response of a token service.
 *
 * Sources: distribution, "Token Authentication Specification"; RFC 7519 for the token of GitLab, which states its life
 * and what it permits only in its payload.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Option, Redacted, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import * as Scope from "./Scope.ts"
import { decodeJson, type HttpResponse } from "../transport/HttpResponse.ts"

/**
 * A token: `life` in milliseconds from the request for it, and the scopes that it grants, `undefined` where it cannot be
 * read.
 */
export interface TokenResponse {
  readonly token: Redacted.Redacted
  readonly life: number
  readonly granted: ReadonlySet<Scope.Scope> | undefined
}

const Text = Schema.optionalKey(Schema.NullOr(Schema.String))
const Body = Schema.Struct({
  token: Text,
  access_token: Text,
  expires_in: Schema.optionalKey(Schema.Unknown)
})
const decodeBody = decodeJson(Body, "the answer of the token service")

const Payload = Schema.Struct({
  exp: Schema.optionalKey(Schema.Unknown),
  iat: Schema.optionalKey(Schema.Unknown),
  access: Schema.NullOr(Scope.Access)
})
const decodePayload = Schema.decodeUnknownOption(Schema.fromJsonString(Payload))

/** Of RFC 6750's b64token nothing else may stand in a header; a token that holds more is no token. */
const grammar = /^[A-Za-z0-9._~+/=-]+$/

/** The life of a token that does not state it, by the specification. */
const defaultLife = 60_000

const seconds = (value: unknown): number | undefined =>
  typeof value === "number" && value > 0 && value < 1e9 ? value * 1000 : undefined

/**
 * Reads the body of the token service's answer. The life is the distance of `exp` and `iat`, which does not depend on
 * whether the clocks agree.
 */
export const decode = (response: HttpResponse): Result.Result<TokenResponse, Registry.Malformed> =>
  Result.flatMap(decodeBody(response), (body) => {
    const token = body.token || body.access_token
    if (!token || !grammar.test(token)) {
      return Result.fail(new Registry.Malformed({ detail: "the answer of the token service holds no token" }))
    }
    const payload = Option.getOrUndefined(
      Option.flatMap(Result.getSuccess(Base64Url.decodeString(token.split(".")[1] ?? "")), decodePayload)
    )
    const { exp, iat } = payload ?? {}
    const life = typeof exp === "number" && typeof iat === "number" ? seconds(exp - iat) : undefined
    return Result.succeed({
      token: Redacted.make(token),
      life: life ?? seconds(body.expires_in) ?? defaultLife,
      granted: payload === undefined ? undefined : Scope.granted(payload.access ?? [])
    })
  })
