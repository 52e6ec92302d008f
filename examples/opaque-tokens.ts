// A tokens adapter: the Tokens port with random texts, which this process remembers until they expire.
import { Authentication } from "@gitlab-registry-usage/core"
import { DateTime, type Duration, Effect, Layer, Redacted } from "effect"
import { hash, randomBytes, randomUUID } from "node:crypto"

/** A copy of the memory lets nobody sign in. */
const keyOf = (token: Redacted.Redacted) => hash("sha256", Redacted.value(token))

export const make = (life: Duration.Input) =>
  Effect.sync(() => {
    const issued = new Map<string, Authentication.VerifiedToken>()
    return Authentication.Tokens.of({
      issue: Effect.fnUntraced(function* (principal) {
        const issuedAt = yield* DateTime.now
        // The oldest are the first.
        for (const [key, old] of issued) {
          if (DateTime.isGreaterThan(old.expiresAt, issuedAt)) break
          issued.delete(key)
        }
        const token = Redacted.make(randomBytes(32).toString("base64url"))
        const expiresAt = DateTime.addDuration(issuedAt, life)
        issued.set(keyOf(token), { principal, id: randomUUID(), issuedAt, expiresAt })
        return { token, expiresAt }
      }),
      verify: Effect.fnUntraced(function* (token) {
        const found = issued.get(keyOf(token))
        const reason =
          found === undefined
            ? new Authentication.TokenInvalid({ detail: "no such token" })
            : new Authentication.TokenExpired({ detail: "past its time" })
        if (found !== undefined && DateTime.isGreaterThan(found.expiresAt, yield* DateTime.now)) return found
        return yield* new Authentication.TokenError({ reason })
      })
    })
  })

export const layer = (life: Duration.Input = "1 hour") => Layer.effect(Authentication.Tokens, make(life))
