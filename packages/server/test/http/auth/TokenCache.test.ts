import type { Authentication } from "@gitlab-registry-usage/core"
import { TokenCache } from "@gitlab-registry-usage/server"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Redacted, Ref } from "effect"
import { TestClock } from "effect/testing"
import { tokens } from "../../app.ts"

const made = Effect.gen(function* () {
  const revoked = yield* Ref.make(DateTime.makeUnsafe(-1))
  const { known, tokens } = yield* TokenCache.make({ notBefore: Ref.get(revoked) })
  const issue = (username: string) =>
    Effect.flatMap(tokens.issue({ username }), ({ token }) => Effect.as(tokens.verify(token), Redacted.value(token)))
  return { issue, known, revoked }
})

const nameOf = (verified: Authentication.VerifiedToken | undefined) => verified?.principal.username

describe("a cached token", () => {
  it.effect("is one that was verified, on any connection", () =>
    Effect.gen(function* () {
      const { issue, known } = yield* made
      const [alice, zoe] = [yield* issue("alice"), yield* issue("zoe")]
      const [one, other] = [{}, {}]
      expect(nameOf(known(alice))).toBe("alice")
      for (const [token, name] of [
        [alice, "alice"],
        [alice, "alice"],
        [zoe, "zoe"],
        [alice, "alice"]
      ] as const) {
        expect(nameOf(known(token, one))).toBe(name)
      }
      expect(nameOf(known(zoe, other))).toBe("zoe")
      expect(known(`${alice}x`, one)).toBeUndefined()
    }).pipe(Effect.provide(tokens))
  )

  it.effect("expires with the token, also on a connection that has sent it before", () =>
    Effect.gen(function* () {
      const { issue, known } = yield* made
      const connection = {}
      const token = yield* issue("alice")
      expect(nameOf(known(token, connection))).toBe("alice")
      yield* TestClock.adjust(Duration.days(1000))
      expect(known(token, connection)).toBeUndefined()
    }).pipe(Effect.provide(tokens))
  )

  it.effect("is refused after a revocation, also on a connection that has sent it before", () =>
    Effect.gen(function* () {
      const { issue, known, revoked } = yield* made
      const connection = {}
      const token = yield* issue("alice")
      expect(nameOf(known(token, connection))).toBe("alice")
      yield* Ref.set(revoked, DateTime.add(yield* DateTime.now, { minutes: 1 }))
      expect(known(token, connection)).toBeUndefined()
    }).pipe(Effect.provide(tokens))
  )
})
