import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { appLayer, basic, send } from "../../app.ts"

describe("LoginLimiter", () => {
  it.live("F49 over HTTP it is 429 with Retry-After, for existing and unknown users", () =>
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

  it.live("behind a trusted proxy the client's address counts, and clients cannot forge it", () =>
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
