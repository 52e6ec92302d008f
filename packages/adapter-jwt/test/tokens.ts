/** Tokens of the tests, genuine and altered, and the expected errors. */
import { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import type { Authentication } from "@gitlab-registry-usage/core"
import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as Forgery from "./Forgery.ts"
import { secret } from "./Keys.ts"

export const now = 1_800_000_000
export const shared = secret()
export const sharedText = Redacted.value(shared.secret)
export const claims = { issuer: "https://usage.test", audience: "usage" }

export const tokens = (options: Partial<JwtTokens.Options> = {}) =>
  Effect.map(JwtTokens.make({ ...claims, current: shared, ...options }), ({ tokens }) => tokens)

/** A token of ours at the time `now`, and its parts to change. */
export const genuine = Effect.gen(function* () {
  yield* TestClock.setTime(now * 1000)
  const port = yield* tokens()
  const token = Redacted.value((yield* port.issue({ username: "alice" })).token)
  return { port, token, header: Forgery.read(token, 0), payload: Forgery.read(token, 1) }
})

export const verify = (port: Authentication.Tokens["Service"], token: string) => port.verify(Redacted.make(token))

export const reason = (port: Authentication.Tokens["Service"], token: string) =>
  Effect.map(Effect.flip(verify(port, token)), (error) => {
    assert.strictEqual(error._tag, "TokenError")
    if (token.length > 40) assert.notInclude(JSON.stringify(error), token.slice(-40))
    return error.reason._tag
  })

export const invalid = (port: Authentication.Tokens["Service"], token: string, what = "") =>
  Effect.map(reason(port, token), (tag) => assert.strictEqual(tag, "TokenInvalid", what))

export const expired = (port: Authentication.Tokens["Service"], token: string) =>
  Effect.map(reason(port, token), (tag) => assert.strictEqual(tag, "TokenExpired"))

export const without = (record: Record<string, unknown>, name: string) =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== name))
