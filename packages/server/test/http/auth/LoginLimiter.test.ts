import { describe, expect, it } from "@effect/vitest"
import { Authentication, Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect, Layer, Logger, References } from "effect"
import { appLayer, basic, get, httpLayer, send, tokens } from "../../app.ts"

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

  /** The status of a sign-in whose proxy sends these headers. */
  const tried = (name: string, headers: Record<string, string>, password = "wrong") =>
    Effect.map(send("/auth_token", { headers: { ...basic(name, password), ...headers } }), ({ status }) => status)

  it.live("behind a trusted proxy the client's address counts, and clients cannot forge it", () =>
    Effect.gen(function* () {
      const from = (name: string, forwarded: string) => tried(name, { "x-forwarded-for": forwarded })
      for (let i = 0; i < 3; i++) expect(yield* from(`user${i}`, `203.0.113.${i}, 198.51.100.7`)).toBe(401)
      // The address that the proxy itself saw; what stands before it is what the client says.
      expect(yield* from("user4", "203.0.113.99, 198.51.100.7")).toBe(429)
      expect(yield* from("user4", "198.51.100.8")).toBe(401)
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { limiter: { perAddress: 3 } })))
  )

  it.live("an address counts in any form that proxies write it", () =>
    Effect.gen(function* () {
      for (const [address, forms] of [
        [
          "198.51.100.7",
          [
            { "x-forwarded-for": "198.51.100.7:4711" },
            { "x-forwarded-for": '6.6.6.6, "198.51.100.7"' },
            { "x-forwarded-for": "[::ffff:198.51.100.7]:1" },
            { forwarded: "for=198.51.100.7" },
            { forwarded: 'for=6.6.6.6, By=10.0.0.1;FOR="198.51.100.7:4711";proto=https' },
            { forwarded: 'host="a;for=6.6.6.6,for=6.6.6.6";for=198.51.100.7, for="[::1]:9"' }
          ]
        ],
        [
          "2001:db8:1:2::7",
          [
            { "x-forwarded-for": "[2001:db8:1:2::9]:4711" },
            { "x-forwarded-for": "2001:DB8:1:2:0::1%eth0" },
            { forwarded: 'for="[2001:db8:1:2:ffff::1]"' },
            { forwarded: 'for="[2001:db8:1:2::1]:_port"' }
          ]
        ]
      ] as const) {
        // A colon would end the name.
        const name = address.replaceAll(":", "-")
        for (const [i, headers] of forms.entries()) {
          expect(yield* tried(`${name}-${i}`, headers), JSON.stringify(headers)).toBe(401)
        }
        for (let i = forms.length; i < 7; i++) yield* tried(`${name}-${i}`, { "x-forwarded-for": address })
        for (const headers of forms) expect(yield* tried("more", headers), JSON.stringify(headers)).toBe(429)
      }
      // Who names no address counts as the proxy.
      expect(yield* tried("more", { "x-forwarded-for": "unknown" })).toBe(401)
      expect(yield* tried("more", { forwarded: "for=_hidden" })).toBe(401)
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { limiter: { perAddress: 7 } })))
  )

  it.live("headers of who is no trusted proxy are not used, and the log names the setting once", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        for (let i = 0; i < 3; i++) {
          expect(yield* tried(`user${i}`, { "x-forwarded-for": `198.51.100.${i}` })).toBe(401)
        }
        expect(yield* tried("user4", { forwarded: "for=198.51.100.9" })).toBe(429)
      }).pipe(
        Effect.provide(
          appLayer(
            { repositories: [] },
            { limiter: { perAddress: 3 }, trustedProxies: ["10.0.0.0/8"], logLevel: "Warn" }
          ).pipe(Layer.provide(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))])))
        )
      )
      expect(lines.filter((line) => line.includes("add it to trusted_proxies"))).toHaveLength(2)
      expect(lines.filter((line) => /sign-ins come from 127\.0\.0\.1 with X-Forwarded-For/.test(line))).toHaveLength(1)
      const paused = lines.filter((line) => line.includes("too many sign-ins from 127.0.0.1 were refused"))
      expect(paused).toHaveLength(1)
      expect(lines.join()).not.toMatch(/wrong|user0/)
    })
  )

  it.live("a pause is counted in the metrics", () =>
    Effect.gen(function* () {
      const pauses = Effect.map(get("/metrics"), ({ body }) =>
        Object.fromEntries(
          [...body.matchAll(/auth_pauses_total\{of="(\w+)"\} (\d+)/g)].map(([, of, count]) => [of, Number(count)])
        )
      )
      const before = yield* pauses
      for (let i = 0; i < 5; i++) yield* tried("nobody", { "x-forwarded-for": "2001:db8::1" })
      for (let i = 0; i < 5; i++) yield* tried(`u${i}`, { "x-forwarded-for": `2001:db8::${i}` })
      const after = yield* pauses
      expect([after["user"]! - before["user"]!, after["address"]! - before["address"]!]).toEqual([1, 1])
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { limiter: { perUser: 2, perAddress: 4 } })))
  )

  it.live("a client that goes away does not take its guess back", () =>
    Effect.gen(function* () {
      let guesses = 0
      const slow = Layer.succeed(Authentication.Directory, {
        verify: () =>
          Effect.gen(function* () {
            guesses++
            yield* Effect.sleep("150 millis")
            return yield* new Authentication.DirectoryError({ reason: new Authentication.InvalidCredentials() })
          })
      })
      const context = yield* Layer.build(
        httpLayer({ limiter: { perUser: 2 } }).pipe(
          Layer.provideMerge(Collector.layer()),
          Layer.provide([SnapshotStore.layerMemory, RegistryMemory.layer({ repositories: [] }), slow]),
          Layer.provideMerge(tokens),
          Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
        )
      )
      for (let i = 0; i < 6; i++) {
        yield* tried("alice", {}).pipe(Effect.timeoutOption("50 millis"), Effect.provide(context))
        yield* Effect.sleep("200 millis")
      }
      expect(guesses).toBe(2)
    }).pipe(Effect.scoped)
  )
})
