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

  it.live(`${name}: many at once are not more than one after the other`, () =>
    Effect.gen(function* () {
      const attempts = yield* LoginAttempts
      const many = Array.from({ length: 50 }, () => attempts.attempt("alice", "192.0.2.1"))
      const verdicts = yield* Effect.all(many, { concurrency: "unbounded" })
      const allowed = verdicts.filter((verdict) => verdict._tag === "Allowed")
      expect(allowed.length).toBe(3)
      expect(yield* attempt("alice", "refused")).toBeGreaterThan(200)
      // An attempt that is settled twice counts once.
      for (let i = 0; i < 3; i++) yield* allowed[0]!.settle("refused")
      yield* allowed[1]!.settle("unknown")
      yield* allowed[2]!.settle("unknown")
      expect(yield* attempt("alice", "refused")).toBe(0)
      expect(yield* attempt("alice", "refused")).toBe(0)
      expect(yield* attempt("alice", "refused")).toBeGreaterThan(200)
    }).pipe(Effect.provide(layer({ perUser: 3 })))
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
