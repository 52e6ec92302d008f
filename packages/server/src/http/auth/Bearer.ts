/** Authorizes a request by its bearer token (RFC 6750) or a secret of the configuration. */
import { Authentication, Revocation } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Option, Redacted } from "effect"
import { hash, timingSafeEqual } from "node:crypto"
import type { Request } from "../wire/Message.ts"
import { unauthorized } from "../wire/Problem.ts"

const realm = 'Bearer realm="GitLab Registry Usage"'

const missing = unauthorized(realm, "send the token of /auth_token as Authorization: Bearer <token>")
const expired = unauthorized(
  `${realm}, error="invalid_token", error_description="expired"`,
  "the token has expired: get a new one from /auth_token"
)
const invalid = unauthorized(`${realm}, error="invalid_token"`, "the token is not valid: get one from /auth_token")

/** The token of a `Bearer` authorization; the scheme is case-insensitive (RFC 9110, section 11.1). */
export const parseBearer = (authorization: string | undefined): string | undefined => {
  if (authorization === undefined || !/^bearer /i.test(authorization)) return undefined
  const token = authorization.slice(7).trim()
  return token === "" ? undefined : token
}

const digest = (text: string) => hash("sha256", text, "buffer")

/**
 * Whether the authorization is `Bearer` with this secret. Digests of one length are compared, so that the time does not
 * depend on the secret.
 */
export const bearsSecret = (secret: Redacted.Redacted, authorization: string | undefined): boolean => {
  const token = parseBearer(authorization)
  return token !== undefined && timingSafeEqual(digest(token), digest(Redacted.value(secret)))
}

/** Refuses a token that was revoked, of whichever kind, where tokens can be. */
const checkRevoked = Effect.fnUntraced(function* ({ issuedAt }: Authentication.VerifiedToken) {
  const revocation = yield* Effect.serviceOption(Revocation.Revocation)
  if (Option.isNone(revocation)) return
  const notBefore = yield* revocation.value.notBefore
  if (DateTime.isGreaterThan(issuedAt, notBefore)) return
  yield* Effect.logDebug(
    `a token was refused: it was issued before all were revoked at ${DateTime.formatIso(notBefore)}`
  )
  return yield* invalid
})

/** The user who sent the request. Fails with 401 and a challenge. */
export const authorize = Effect.fnUntraced(function* (request: Request) {
  const { authorization } = request.headers
  const tokens = yield* Authentication.Tokens
  const token = parseBearer(authorization)
  if (token === undefined) return yield* authorization === undefined ? missing : invalid
  const verified = yield* tokens.verify(Redacted.make(token)).pipe(
    Effect.tapError((error) => Effect.logDebug(`a token was refused: ${error.reason.detail}`)),
    Effect.catchReason("TokenError", "TokenExpired", () => Effect.fail(expired)),
    Effect.catchTag("TokenError", () => Effect.fail(invalid))
  )
  yield* checkRevoked(verified)
  request.note.user = verified.principal.username
  return verified.principal
})
