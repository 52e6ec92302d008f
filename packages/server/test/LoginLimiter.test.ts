import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import * as LoginLimiter from "../src/http/LoginLimiter.ts"
import { appLayer, basic, send } from "./app.ts"

const attempt = Effect.fnUntraced(function* (
  limiter: LoginLimiter.LoginLimiter,
  username: string,
  outcome: LoginLimiter.Outcome,
  address = "192.0.2.1"
) {
  const verdict = yield* limiter.attempt(username, address)
  if (verdict._tag === "Limited") return verdict.retryAfter
  verdict.settle(outcome)
  return 0
})

describe("LoginLimiter", () => {
  it("F49 a name is one in any spelling", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
        const canonical = LoginLimiter.canonical(name)
        for (const spelt of [` ${name}`, `${name}  `, `\u200b${name}`, name.normalize("NFD"), name.normalize("NFKC")]) {
          expect(LoginLimiter.canonical(spelt)).toBe(canonical)
        }
        expect(LoginLimiter.canonical(canonical)).toBe(canonical)
      })
    ))

  it("F49 letters in any case, width or composition are one, and different names are not", () => {
    const spellings = ["alice", "ALICE", "Alice ", "ａｌｉｃｅ", "al\u00adice"]
    expect(new Set(spellings.map(LoginLimiter.canonical))).toEqual(new Set(["alice"]))
    expect(LoginLimiter.canonical("zoe\u0308")).toBe(LoginLimiter.canonical("ZOË"))
    expect(LoginLimiter.canonical("anna  maria")).toBe("anna maria")
    expect(LoginLimiter.canonical("bob")).not.toBe("alice")
  })

  it.effect("F49 so many refusals make a pause for the user from everywhere, which ends", () =>
    Effect.gen(function* () {
      const limiter = LoginLimiter.make({ perUser: 3, window: "5 minutes" })
      for (const [i, name] of ["alice", "ALICE", " alice"].entries()) {
        expect(yield* attempt(limiter, name, "refused", `192.0.2.${i}`)).toBe(0)
      }
      expect(yield* attempt(limiter, "Alice", "accepted")).toBe(300)
      expect(yield* attempt(limiter, "bob", "refused")).toBe(0)
      yield* TestClock.adjust("299 seconds")
      expect(yield* attempt(limiter, "alice", "accepted")).toBe(1)
      yield* TestClock.adjust("1 second")
      expect(yield* attempt(limiter, "alice", "accepted")).toBe(0)
    })
  )

  it.effect("what is right forgets what was wrong, and what is the directory's fault does not count", () =>
    Effect.gen(function* () {
      const limiter = LoginLimiter.make({ perUser: 2 })
      for (let i = 0; i < 10; i++) {
        expect(yield* attempt(limiter, "alice", "refused")).toBe(0)
        expect(yield* attempt(limiter, "alice", "accepted")).toBe(0)
        expect(yield* attempt(limiter, "bob", "unknown")).toBe(0)
      }
    })
  )

  it.effect("many at once are not more than one after the other", () =>
    Effect.gen(function* () {
      const limiter = LoginLimiter.make({ perUser: 3 })
      const verdicts = yield* Effect.forEach(Array.from({ length: 50 }), () => limiter.attempt("alice", "192.0.2.1"))
      expect(verdicts.filter(({ _tag }) => _tag === "Allowed").length).toBe(3)
    })
  )

  it.effect("an address that tries many users has a pause", () =>
    Effect.gen(function* () {
      const limiter = LoginLimiter.make({ perUser: 3, perAddress: 10 })
      for (let i = 0; i < 10; i++) expect(yield* attempt(limiter, `user${i}`, "refused")).toBe(0)
      expect(yield* attempt(limiter, "other", "accepted")).toBeGreaterThan(0)
      expect(yield* attempt(limiter, "other", "accepted", "192.0.2.2")).toBe(0)
    })
  )

  it.effect("F50 a million users are not remembered all", () =>
    Effect.gen(function* () {
      const limiter = LoginLimiter.make({ capacity: 1000, perAddress: 1e9 })
      for (let i = 0; i < 1_000_000; i += 1000) {
        for (let j = 0; j < 1000; j++) yield* attempt(limiter, `user${i + j}`, "refused", `10.0.0.${j % 250}`)
      }
      expect(limiter.size()).toBeLessThanOrEqual(2000)
    })
  )

  it.live("F49 over HTTP it is 429 with Retry-After, the same whether there is such a user or not", () =>
    Effect.gen(function* () {
      const tried = (name: string, password = "wrong") => send("/auth_token", { headers: basic(name, password) })
      for (const [known, unknown] of [
        ["alice", "nobody"],
        ["ALICE", "NOBODY"],
        ["Alice ", "Nobody "]
      ] as const) {
        expect([(yield* tried(known)).status, (yield* tried(unknown)).status]).toEqual([401, 401])
      }
      const [one, other] = [yield* tried("aLICE", "alice-secret"), yield* tried("nOBODY")]
      expect([one.status, one.body]).toEqual([429, other.body])
      expect(Number(one.headers["retry-after"])).toBeGreaterThan(200)
      expect(other.headers["content-type"]).toBe("application/problem+json")
      expect((yield* tried("zoe", "zoë-pass:word")).status).toBe(200)
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { limiter: { perUser: 3 } })))
  )

  it.live("behind a trusted proxy the client's own address counts, and nobody makes one up", () =>
    Effect.gen(function* () {
      const tried = (name: string, forwarded: string) =>
        Effect.map(
          send("/auth_token", { headers: { ...basic(name, "wrong"), "x-forwarded-for": forwarded } }),
          ({ status }) => status
        )
      for (let i = 0; i < 3; i++) expect(yield* tried(`user${i}`, `203.0.113.${i}, 198.51.100.7`)).toBe(401)
      // The address that the proxy itself saw; what stands before it is what the client says.
      expect(yield* tried("user4", "203.0.113.99, 198.51.100.7")).toBe(429)
      expect(yield* tried("user4", "198.51.100.8")).toBe(401)
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { limiter: { perAddress: 3 } })))
  )
})
