import { describe, expect, it } from "@effect/vitest"
import { LoginAttempts } from "@gitlab-registry-usage/core"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"

const attempt = Effect.fnUntraced(function* (
  limiter: LoginAttempts.LoginAttempts["Service"],
  username: string,
  outcome: LoginAttempts.Outcome,
  address = "192.0.2.1"
) {
  const verdict = yield* limiter.attempt(username, address)
  if (verdict._tag === "Limited") return verdict.retryAfter
  yield* verdict.settle(outcome)
  return 0
})

describe("LoginAttempts", () => {
  it("F49 a name is one in any spelling", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
        const canonical = LoginAttempts.canonical(name)
        for (const spelt of [` ${name}`, `${name}  `, `\u200b${name}`, name.normalize("NFD"), name.normalize("NFKC")]) {
          expect(LoginAttempts.canonical(spelt)).toBe(canonical)
        }
        expect(LoginAttempts.canonical(canonical)).toBe(canonical)
      })
    ))

  it("F49 letters in any case, width or composition are one, and different names are not", () => {
    const spellings = ["alice", "ALICE", "Alice ", "ａｌｉｃｅ", "al\u00adice"]
    expect(new Set(spellings.map(LoginAttempts.canonical))).toEqual(new Set(["alice"]))
    expect(LoginAttempts.canonical("zoe\u0308")).toBe(LoginAttempts.canonical("ZOË"))
    expect(LoginAttempts.canonical("anna  maria")).toBe("anna maria")
    expect(LoginAttempts.canonical("bob")).not.toBe("alice")
  })

  it.effect("F49 so many refusals make a pause for the user from everywhere, which ends", () =>
    Effect.gen(function* () {
      const limiter = LoginAttempts.makeMemory({ perUser: 3, window: "5 minutes" })
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
      const limiter = LoginAttempts.makeMemory({ perUser: 2 })
      for (let i = 0; i < 10; i++) {
        expect(yield* attempt(limiter, "alice", "refused")).toBe(0)
        expect(yield* attempt(limiter, "alice", "accepted")).toBe(0)
        expect(yield* attempt(limiter, "bob", "unknown")).toBe(0)
      }
    })
  )

  it.effect("many at once wait for the outcome of those before, and are not more than one after the other", () =>
    Effect.gen(function* () {
      const limiter = LoginAttempts.makeMemory({ perUser: 3 })
      const tried = (outcome: LoginAttempts.Outcome) =>
        Effect.gen(function* () {
          const verdict = yield* limiter.attempt("alice", "192.0.2.1")
          if (verdict._tag === "Limited") return "limited"
          yield* Effect.sleep("10 millis")
          yield* verdict.settle(outcome)
          return outcome
        })
      const all = (outcome: LoginAttempts.Outcome) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(
            Effect.forEach(Array.from({ length: 500 }), () => tried(outcome), { concurrency: "unbounded" })
          )
          yield* TestClock.adjust("15 seconds")
          const results = yield* Fiber.join(fiber)
          return results.filter((result) => result === outcome).length
        })
      expect(yield* all("accepted")).toBe(500)
      expect(yield* all("unknown")).toBe(500)
      expect(yield* all("refused")).toBe(3)
    })
  )

  it.effect("the wait is bounded in time and number, and can be interrupted", () =>
    Effect.gen(function* () {
      const limiter = LoginAttempts.makeMemory({ perUser: 2, wait: "20 seconds" })
      const attempt = limiter.attempt("alice", "192.0.2.1")
      const first = yield* Effect.all([attempt, attempt])
      const waiting = yield* Effect.forEach(Array.from({ length: 1000 }), () => Effect.forkChild(attempt))
      yield* TestClock.adjust("1 second")
      // There is no room for one more.
      expect(yield* attempt).toEqual({ _tag: "Limited", retryAfter: 1 })
      yield* Fiber.interruptAll(waiting.slice(500))
      yield* TestClock.adjust("20 seconds")
      for (const fiber of waiting.slice(0, 500)) expect((yield* Fiber.join(fiber))._tag).toBe("Limited")
      for (const verdict of first) if (verdict._tag === "Allowed") yield* verdict.settle("accepted")
      // Nobody who gave up counts.
      expect((yield* Effect.all([attempt, attempt])).map(({ _tag }) => _tag)).toEqual(["Allowed", "Allowed"])
    })
  )

  it("IPv6 counts by network /64, and an IPv4 address is one however it is written", () => {
    const sources = (...addresses: ReadonlyArray<string>) => new Set(addresses.map(LoginAttempts.source))
    expect(
      sources("2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002::5%eth0", "2001:db8:1:2::")
    ).toEqual(new Set(["2001:db8:1:2::/64"]))
    expect(sources("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "64:ff9b::192.0.2.1")).toEqual(
      new Set(["192.0.2.1"])
    )
    expect(sources("2001:db8:1:2::1", "2001:db8:1:3::1", "::1", "192.0.2.2", "", "unknown").size).toBe(6)
  })

  it.effect("an address that tries many users has a pause", () =>
    Effect.gen(function* () {
      const limiter = LoginAttempts.makeMemory({ perUser: 3, perAddress: 10 })
      for (let i = 0; i < 10; i++) expect(yield* attempt(limiter, `user${i}`, "refused")).toBe(0)
      expect(yield* attempt(limiter, "other", "accepted")).toBeGreaterThan(0)
      expect(yield* attempt(limiter, "other", "accepted", "192.0.2.2")).toBe(0)
    })
  )

  it.effect("F50 ever more users are not remembered all", () =>
    Effect.gen(function* () {
      const limiter = LoginAttempts.makeMemory({ capacity: 1000, perAddress: 1e9 })
      for (let i = 0; i < 300_000; i += 1000) {
        for (let j = 0; j < 1000; j++) yield* attempt(limiter, `user${i + j}`, "refused", `10.0.0.${j % 250}`)
      }
      expect(limiter.size()).toBeLessThanOrEqual(2000)
    })
  )
})
