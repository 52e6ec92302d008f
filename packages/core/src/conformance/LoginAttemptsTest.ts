/**
 * What every adapter of the `LoginAttempts` port does.
 *
 * @since 0.1.0
 */
import { expect, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { LoginAttempts, type Options, type Outcome } from "../auth/LoginAttempts.ts"

/** Settles an attempt that may be made; returns the pause in seconds, 0 for none. */
const attempt = Effect.fnUntraced(function* (username: string, outcome: Outcome, address = "192.0.2.1") {
  const attempts = yield* LoginAttempts
  const verdict = yield* attempts.attempt(username, address)
  if (verdict._tag === "Limited") return verdict.retryAfter
  yield* verdict.settle(outcome)
  return 0
})

/**
 * Declares the tests of an adapter, with the live clock. Each build of a layer must begin with nothing counted.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: (options: Options) => Layer.Layer<LoginAttempts, E>): void => {
  it.live(`${name}: so many refusals make a pause for the user from everywhere, which ends`, () =>
    Effect.gen(function* () {
      for (const [i, spelt] of ["alice", "ALICE", " alice"].entries()) {
        expect(yield* attempt(spelt, "refused", `192.0.2.${i}`)).toBe(0)
      }
      const pause = yield* attempt("Alice", "accepted")
      expect(pause).toBeGreaterThanOrEqual(1)
      expect(pause).toBeLessThanOrEqual(2)
      expect(yield* attempt("bob", "refused")).toBe(0)
      yield* Effect.sleep("2200 millis")
      expect(yield* attempt("alice", "accepted")).toBe(0)
    }).pipe(Effect.provide(layer({ perUser: 3, window: "2 seconds" })))
  )

  it.live(`${name}: what is right forgets what was wrong, and what is the directory's fault does not count`, () =>
    Effect.gen(function* () {
      for (let i = 0; i < 10; i++) {
        expect(yield* attempt("alice", "refused", `192.0.2.${i}`)).toBe(0)
        expect(yield* attempt("alice", "accepted", `192.0.2.${i}`)).toBe(0)
        expect(yield* attempt("bob", "unknown")).toBe(0)
      }
    }).pipe(Effect.provide(layer({ perUser: 2 })))
  )

  it.live(`${name}: many at once wait, and are not more than one after the other`, () =>
    Effect.gen(function* () {
      const attempts = yield* LoginAttempts
      const many = Array.from({ length: 50 }, () => attempts.attempt("alice", "192.0.2.1"))
      const verdicts = yield* Effect.all(many, { concurrency: "unbounded" })
      const allowed = verdicts.filter((verdict) => verdict._tag === "Allowed")
      expect(allowed.length).toBe(3)
      // An attempt that is settled twice counts once.
      for (let i = 0; i < 3; i++) yield* allowed[0]!.settle("refused")
      yield* allowed[1]!.settle("unknown")
      yield* allowed[2]!.settle("unknown")
      expect(yield* attempt("alice", "refused")).toBe(0)
      expect(yield* attempt("alice", "refused")).toBe(0)
      expect(yield* attempt("alice", "refused")).toBeGreaterThan(200)
    }).pipe(Effect.provide(layer({ perUser: 3, wait: "500 millis" })))
  )

  it.live(`${name}: attempts under way are no refusals`, () =>
    Effect.gen(function* () {
      const attempts = yield* LoginAttempts
      const one = (address: string, outcome: Outcome) =>
        Effect.gen(function* () {
          const verdict = yield* attempts.attempt("alice", address)
          if (verdict._tag === "Limited") return "limited"
          yield* Effect.sleep("5 millis")
          yield* verdict.settle(outcome)
          return outcome
        })
      const many = (outcome: Outcome) =>
        Effect.forEach(Array.from({ length: 60 }), (_, i) => one(`192.0.2.${i % 3}`, outcome), {
          concurrency: "unbounded"
        })
      expect(new Set(yield* many("accepted"))).toEqual(new Set(["accepted"]))
      const refused = yield* Effect.forEach(Array.from({ length: 60 }), (_, i) => one(`198.51.100.${i}`, "refused"), {
        concurrency: "unbounded"
      })
      expect(refused.filter((result) => result === "refused").length).toBe(3)
    }).pipe(Effect.provide(layer({ perUser: 3 })))
  )

  it.live(
    `${name}: guesses from elsewhere do not keep a user out of known addresses, nor those from one address elsewhere`,
    () =>
      Effect.gen(function* () {
        const [home, guesser, elsewhere] = ["2001:db8::1", "198.51.100.1", "203.0.113.9"]
        const guesses = (address: string, count: number) =>
          Effect.forEach(Array.from({ length: count }), () => attempt("alice", "refused", address))
        expect(yield* guesses(guesser, 3)).toEqual([0, 0, 0])
        expect(yield* attempt("alice", "accepted", guesser)).toBeGreaterThan(200)
        // One address alone does not keep the user out of others.
        expect(yield* attempt("alice", "accepted", home)).toBe(0)
        for (let i = 10; i < 30; i++) yield* guesses(`198.51.100.${i}`, 2)
        expect(yield* attempt("alice", "accepted", elsewhere)).toBeGreaterThan(200)
        expect(yield* attempt("ALICE", "accepted", "2001:db8::2")).toBe(0)
        // A known address has a limit of its own.
        expect(yield* guesses(home, 3)).toEqual([0, 0, 0])
        expect(yield* attempt("alice", "accepted", home)).toBeGreaterThan(200)
      }).pipe(Effect.provide(layer({ perUser: 3 })))
  )

  it.live(`${name}: a user at a known address goes on while the address has a pause`, () =>
    Effect.gen(function* () {
      expect(yield* attempt("alice", "accepted")).toBe(0)
      for (let i = 0; i < 10; i++) yield* attempt(`user${i}`, "refused")
      expect(yield* attempt("bob", "accepted")).toBeGreaterThan(200)
      expect(yield* attempt("alice", "accepted")).toBe(0)
    }).pipe(Effect.provide(layer({ perUser: 3, perAddress: 10 })))
  )

  it.live(`${name}: names of one entry count together, before the password is checked`, () =>
    Effect.gen(function* () {
      const attempts = yield* LoginAttempts
      const named = Effect.fnUntraced(function* (username: string, outcome: Outcome) {
        const verdict = yield* attempts.attempt(username, "192.0.2.1")
        if (verdict._tag === "Limited") return "limited"
        const limited = yield* verdict.found("uid=anna,dc=example")
        yield* verdict.settle(limited === undefined ? outcome : "unknown")
        return limited === undefined ? outcome : "limited"
      })
      for (let i = 0; i < 3; i++) expect(yield* named(`anna${i}`, "refused")).toBe("refused")
      expect(yield* named("anna3", "accepted")).toBe("limited")
      expect(yield* attempt("anna3", "accepted")).toBe(0)
    }).pipe(Effect.provide(layer({ perUser: 3 })))
  )

  it.live(`${name}: a pause is reported once, where it begins`, () =>
    Effect.gen(function* () {
      const attempts = yield* LoginAttempts
      const pauses: Array<string> = []
      for (let i = 0; i < 8; i++) {
        const verdict = yield* attempts.attempt(i < 3 ? "alice" : `user${i}`, "2001:db8::1")
        if (verdict._tag === "Allowed") pauses.push([...(yield* verdict.settle("refused"))].join())
      }
      expect(pauses).toEqual(["", "", "user", "", "", "address"])
    }).pipe(Effect.provide(layer({ perUser: 3, perAddress: 6 })))
  )

  it.live(`${name}: an address that tries many users has a pause, and a user's pause does not count for it`, () =>
    Effect.gen(function* () {
      for (let i = 0; i < 10; i++) expect(yield* attempt(`user${i}`, "refused")).toBe(0)
      expect(yield* attempt("other", "accepted")).toBeGreaterThan(0)
      expect(yield* attempt("other", "accepted", "192.0.2.2")).toBe(0)
      for (let i = 0; i < 3; i++) expect(yield* attempt("alice", "refused", `192.0.2.${i + 10}`)).toBe(0)
      for (let i = 0; i < 20; i++) expect(yield* attempt("alice", "refused", "192.0.2.3")).toBeGreaterThan(0)
      expect(yield* attempt("bob", "accepted", "192.0.2.3")).toBe(0)
    }).pipe(Effect.provide(layer({ perUser: 3, perAddress: 10 })))
  )
}
