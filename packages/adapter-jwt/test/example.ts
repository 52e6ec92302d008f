import { randomBytes } from "node:crypto"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Authentication } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"

const secret = Redacted.make(randomBytes(48).toString("base64"))

export const program = Effect.gen(function* () {
  const tokens = yield* Authentication.Tokens
  const { token } = yield* tokens.issue({ username: "alice" })
  const verified = yield* tokens.verify(token)
  return verified.principal.username
}).pipe(
  Effect.provide(
    JwtTokens.layer({
      current: KeySet.sharedSecret(secret),
      issuer: "https://registry-usage.example.org",
      audience: "registry-usage"
    })
  )
)
