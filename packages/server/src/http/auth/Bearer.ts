/**
 * Whether a request may read: the bearer token (RFC 6750).
 *
 * @since 0.1.0
 */
import { Authentication } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"
import type { Request } from "../wire/Message.ts"
import { unauthorized } from "../wire/Problem.ts"

const realm = 'Bearer realm="GitLab Registry Usage"'

const missing = unauthorized(realm, "send the token of /auth_token as Authorization: Bearer <token>")
const expired = unauthorized(
  `${realm}, error="invalid_token", error_description="expired"`,
  "the token has expired: get a new one from /auth_token"
)
const invalid = unauthorized(`${realm}, error="invalid_token"`, "the token is not valid: get one from /auth_token")

/**
 * The token of a `Bearer` authorization.
 *
 * @category decoding
 * @since 0.1.0
 */
export const bearerOf = (authorization: string | undefined): string | undefined => {
  if (authorization === undefined) return undefined
  // As nearly everybody sends it.
  if (authorization.startsWith("Bearer ey") && !authorization.includes(" ", 7)) return authorization.slice(7)
  return /^bearer +([^\s]+) *$/i.exec(authorization)?.[1]
}

/**
 * Who sent the request. Fails with 401 and a challenge.
 *
 * @category handlers
 * @since 0.1.0
 */
export const authorize = Effect.fnUntraced(function* (request: Request) {
  const { authorization } = request.headers
  const tokens = yield* Authentication.Tokens
  const token = bearerOf(authorization)
  if (token === undefined) return yield* authorization === undefined ? missing : invalid
  const { principal } = yield* tokens.verify(Redacted.make(token)).pipe(
    Effect.tapError((error) => Effect.logDebug(`a token was refused: ${error.reason.detail}`)),
    Effect.catchReason("TokenError", "TokenExpired", () => Effect.fail(expired)),
    Effect.catchTag("TokenError", () => Effect.fail(invalid))
  )
  request.note.user = principal.username
  return principal
})
