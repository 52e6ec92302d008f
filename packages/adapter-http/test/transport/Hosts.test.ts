import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as HttpExchange from "../../src/transport/HttpExchange.ts"
import { queueing, type Reply, simulate } from "../simulatedHosts.ts"

const registry = new URL("https://registry.example.com/v2/group/app/manifests/1.0")
const gitlab = new URL("https://gitlab.example.com/jwt/auth")
const request = (url: URL, rest: Partial<HttpExchange.HttpRequest> = {}): HttpExchange.HttpRequest => ({
  method: "GET",
  url,
  headers: { authorization: "canary" },
  maxBytes: 1000,
  ...rest
})

const exchangeWith = (hosts: ReturnType<typeof simulate>, bounds: HttpExchange.Bounds = {}) =>
  Effect.provide(HttpExchange.make(bounds), hosts.layer)

/** As many fibers as said that send one request after the other until there are no more. */
const send = (exchange: HttpExchange.HttpExchange, count: number, concurrency: number, url = registry) =>
  Effect.forEach(
    Array.from({ length: count }, () => request(url)),
    (request) => Effect.result(exchange.send(request)),
    { concurrency }
  )

const failure = (exchange: HttpExchange.HttpExchange, url = registry) => Effect.flip(exchange.send(request(url)))

describe("Hosts", () => {
  describe("429 storms", () => {
    it.effect("F77 all requests of the host pause, then go on slowly, and none is lost", () =>
      Effect.gen(function* () {
        const wait: Reply = { status: 429, headers: { "retry-after": "5" } }
        const hosts = simulate(({ at }) => Effect.as(Effect.sleep(20), at < 9000 ? wait : { status: 200 }))
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 200, 64))
        const { state } = hosts
        yield* TestClock.adjust("4900 millis")
        assert.lengthOf(state.sent, 8)
        // One asks whether it is over.
        yield* TestClock.adjust("5 seconds")
        assert.lengthOf(state.sent, 9)
        state.most = 0
        yield* TestClock.adjust("200 millis")
        assert.strictEqual(state.most, 1)
        yield* TestClock.adjust("1 minute")
        for (const result of yield* Fiber.join(fiber)) assert.strictEqual(result._tag, "Success")
        assert.lengthOf(state.sent, 9 + 200)
        assert.isAtLeast(state.most, 4)
      })
    )

    it.effect("F77 a storm without end is over after a bounded number of requests", () =>
      Effect.gen(function* () {
        for (const headers of [{ "retry-after": "5" }, { "retry-after": "garbage" }, {}, { "retry-after": "0" }]) {
          const hosts = simulate(() => Effect.as(Effect.sleep(20), { status: 429, headers }))
          const exchange = yield* exchangeWith(hosts)
          const fiber = yield* Effect.forkChild(send(exchange, 64, 64))
          yield* TestClock.adjust("1 hour")
          for (const result of yield* Fiber.join(fiber)) {
            assert.strictEqual(result._tag === "Failure" && result.failure._tag, "RateLimited")
          }
          assert.isAtMost(hosts.state.sent.length, 64 * 5, JSON.stringify(headers))
        }
      })
    )

    it.effect("F77 without Retry-After, the pauses between requests to a host grow", () =>
      Effect.gen(function* () {
        const hosts = simulate(({ at }) => Effect.as(Effect.sleep(20), { status: at < 6000 ? 429 : 200 }))
        const exchange = yield* exchangeWith(hosts, { retries: 10 })
        const fiber = yield* Effect.forkChild(send(exchange, 100, 64))
        yield* TestClock.adjust("6 seconds")
        // 8 at once, then one after 250, 500, 1000, 2000 milliseconds.
        assert.isAtMost(hosts.state.sent.length, 8 + 5)
        yield* TestClock.adjust("1 hour")
        for (const result of yield* Fiber.join(fiber)) assert.strictEqual(result._tag, "Success")
      })
    )

    it.effect(
      "F77 while a longer pause than the longest holds, requests fail without being sent, but not for ever",
      () =>
        Effect.gen(function* () {
          const hosts = simulate(({ at }) =>
            Effect.succeed(at < 1000 ? { status: 429, headers: { "retry-after": "99999999999" } } : { status: 200 })
          )
          const exchange = yield* exchangeWith(hosts)
          yield* failure(exchange)
          yield* TestClock.adjust("10 seconds")
          for (let i = 0; i < 100; i++) {
            const reason = yield* failure(exchange)
            assert.strictEqual(reason._tag === "RateLimited" && reason.retryAfter, 290_000)
          }
          assert.lengthOf(hosts.state.sent, 1)
          yield* TestClock.adjust("290 seconds")
          assert.strictEqual((yield* exchange.send(request(registry))).status, 200)
        })
    )

    it.effect("F77 RateLimit-Remaining of 0 is a pause before anything fails", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.UTC(2026, 0, 1))
        const begin = Date.UTC(2026, 0, 1)
        const headers = { "ratelimit-remaining": "0", "ratelimit-reset": String(begin / 1000 + 30) }
        const hosts = simulate(({ at }) =>
          Effect.succeed(at < begin + 30_000 ? { status: 200, headers } : { status: 200 })
        )
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 20, 1))
        yield* TestClock.adjust("29 seconds")
        assert.lengthOf(hosts.state.sent, 1)
        yield* TestClock.adjust("2 seconds")
        for (const result of yield* Fiber.join(fiber)) assert.strictEqual(result._tag, "Success")
        assert.lengthOf(hosts.state.sent, 20)
      })
    )
  })

  describe("concurrency", () => {
    it.effect("settles where the host begins to queue, and follows it in both directions", () =>
      Effect.gen(function* () {
        const host = queueing(4, 50)
        const hosts = simulate(() => host.serve)
        const { state } = hosts
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 20_000, 80))
        const settled = Effect.fnUntraced(function* () {
          yield* TestClock.adjust("6 seconds")
          state.most = 0
          yield* TestClock.adjust("1 second")
          return state.most
        })
        const four = yield* settled()
        assert.isAtLeast(four, 4)
        assert.isAtMost(four, 12)
        yield* host.resize(64)
        assert.isAtLeast(yield* settled(), 40, "the latency holds")
        yield* host.resize(2)
        yield* TestClock.adjust("10 seconds")
        assert.isAtMost(yield* settled(), 12, "the latency grew")
        yield* Fiber.interrupt(fiber)
      })
    )

    it.effect("never exceeds the maximum, nor begins above the start", () =>
      Effect.gen(function* () {
        const hosts = simulate(() => Effect.as(Effect.sleep(10), { status: 200 }))
        const exchange = yield* exchangeWith(hosts, { concurrency: { start: 3, max: 10 } })
        const fiber = yield* Effect.forkChild(send(exchange, 1000, 64))
        yield* TestClock.adjust("5 millis")
        assert.strictEqual(hosts.state.most, 3)
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)
        assert.strictEqual(hosts.state.most, 10)
      })
    )

    it.effect("503 and timeouts halve it, once for all requests that were under way together", () =>
      Effect.gen(function* () {
        for (const [answer, ms] of [
          [Effect.as(Effect.sleep(1000), { status: 503 }), 1000],
          [Effect.never, 30_000]
        ] as const) {
          let isDown = true
          const hosts = simulate(() => Effect.suspend(() => (isDown ? answer : Effect.succeed({ status: 200 }))))
          const { state } = hosts
          const exchange = yield* exchangeWith(hosts, { concurrency: { start: 16 } })
          const fiber = yield* Effect.forkChild(send(exchange, 64, 64))
          yield* TestClock.adjust(ms - 1)
          assert.strictEqual(state.underWay, 16)
          yield* TestClock.adjust(2)
          assert.strictEqual(state.underWay, 8)
          isDown = false
          yield* TestClock.adjust("2 minutes")
          for (const result of yield* Fiber.join(fiber)) assert.strictEqual(result._tag, "Success")
        }
      })
    )

    it.effect("is not lowered by a single manifest that fails with 500", () =>
      Effect.gen(function* () {
        const bad = new URL("https://registry.example.com/v2/group/app/manifests/bad")
        const hosts = simulate(({ url }) =>
          Effect.as(Effect.sleep(20), { status: url.pathname.endsWith("bad") ? 500 : 200 })
        )
        const exchange = yield* exchangeWith(hosts)
        const fibers = [
          yield* Effect.forkChild(send(exchange, 3, 1, bad)),
          yield* Effect.forkChild(send(exchange, 5000, 64))
        ] as const
        yield* TestClock.adjust("1 minute")
        for (const result of yield* Fiber.join(fibers[0])) assert.strictEqual(result._tag, "Failure")
        for (const result of yield* Fiber.join(fibers[1])) assert.strictEqual(result._tag, "Success")
        assert.isAtLeast(hosts.state.most, 16)
      })
    )

    it.effect("requests that are given up give their turns back", () =>
      Effect.gen(function* () {
        let isStalled = true
        const hosts = simulate(() => Effect.suspend(() => (isStalled ? Effect.never : Effect.succeed({ status: 200 }))))
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 64, 64))
        yield* TestClock.adjust("1 second")
        assert.strictEqual(hosts.state.underWay, 8)
        yield* Fiber.interrupt(fiber)
        isStalled = false
        for (const result of yield* send(exchange, 64, 64)) assert.strictEqual(result._tag, "Success")
      })
    )
  })

  describe("budgets", () => {
    it.effect("a registry that wants a pause does not hold up its token service", () =>
      Effect.gen(function* () {
        const hosts = simulate(({ url }) =>
          Effect.succeed(url.host === gitlab.host ? { status: 200 } : { status: 429, headers: { "retry-after": "50" } })
        )
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 64, 64))
        yield* TestClock.adjust("1 second")
        for (const result of yield* send(exchange, 100, 100, gitlab)) assert.strictEqual(result._tag, "Success")
        assert.isUndefined(fiber.pollUnsafe())
        yield* Fiber.interrupt(fiber)
      })
    )

    it.effect("F70 a storage that wants a pause does not hold up its registry, and gets no Authorization", () =>
      Effect.gen(function* () {
        const location = "https://storage.example.com/bucket/x?X-Amz-Signature=canary"
        const blob = new URL("https://registry.example.com/v2/group/app/blobs/sha256:0")
        const hosts = simulate(({ at, url }) => {
          if (url.pathname.includes("/manifests/")) return Effect.succeed({ status: 200 })
          if (url.pathname.includes("/blobs/")) return Effect.succeed({ status: 307, headers: { location } })
          return Effect.succeed(at < 20_000 ? { status: 503, headers: { "retry-after": "20" } } : { status: 200 })
        })
        const exchange = yield* exchangeWith(hosts)
        const blobs = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 40 }), () => exchange.send(request(blob, { redirects: 5 })), {
            concurrency: "unbounded"
          })
        )
        yield* TestClock.adjust("1 second")
        assert.isUndefined(blobs.pollUnsafe())
        for (const result of yield* send(exchange, 100, 100)) assert.strictEqual(result._tag, "Success")
        yield* TestClock.adjust("1 minute")
        for (const { status } of yield* Fiber.join(blobs)) assert.strictEqual(status, 200)
        const stored = hosts.state.sent.filter(({ url }) => url.host === "storage.example.com")
        assert.isAtMost(stored.length, 40 + 8)
        for (const { headers } of stored) assert.isUndefined(headers["authorization"])
      })
    )

    it.effect("a host that does not answer does not close the way to another", () =>
      Effect.gen(function* () {
        const hosts = simulate(({ url }) => Effect.succeed({ status: url.host === gitlab.host ? 200 : 502 }))
        const exchange = yield* exchangeWith(hosts, { retries: 0 })
        for (let i = 0; i < 6; i++) yield* failure(exchange)
        assert.include((yield* failure(exchange)).detail, "is tried again in")
        assert.strictEqual((yield* exchange.send(request(gitlab))).status, 200)
      })
    )
  })

  describe("circuit", () => {
    const flaky = () => {
      const state = { isDown: true, time: 0 }
      const hosts = simulate(() =>
        Effect.suspend(() => Effect.as(Effect.sleep(state.time), { status: state.isDown ? 502 : 200 }))
      )
      return { ...hosts, host: state }
    }

    it.effect("F84 opens after five failures in a row, half-open probes once, and closes", () =>
      Effect.gen(function* () {
        const hosts = flaky()
        const { host, state } = hosts
        const exchange = yield* exchangeWith(hosts, { retries: 0 })
        for (let i = 0; i < 5; i++) assert.include((yield* failure(exchange)).detail, "answered 502")
        assert.lengthOf(state.sent, 5)
        // Open: it fails at once, with the time of the next try.
        yield* TestClock.adjust("3 seconds")
        for (let i = 0; i < 100; i++) {
          const { _tag, detail } = yield* failure(exchange)
          assert.strictEqual(_tag, "Unreachable")
          assert.include(detail, "https://registry.example.com does not answer and is tried again in 7s")
          assert.include(detail, "answered 502")
        }
        assert.lengthOf(state.sent, 5)
        // Half-open: one of many is sent, the others fail at once.
        yield* TestClock.adjust("7 seconds")
        host.time = 1000
        const many = yield* Effect.forkChild(send(exchange, 20, 20))
        yield* TestClock.adjust("500 millis")
        assert.lengthOf(state.sent, 6)
        assert.include((yield* failure(exchange)).detail, "is being tried again now")
        yield* TestClock.adjust("500 millis")
        for (const result of yield* Fiber.join(many)) assert.strictEqual(result._tag, "Failure")
        // It failed: open for twice as long.
        assert.include((yield* failure(exchange)).detail, "is tried again in 20s")
        yield* TestClock.adjust("19 seconds")
        yield* failure(exchange)
        assert.lengthOf(state.sent, 6)
        // It succeeds: closed, and five failures are needed again.
        yield* TestClock.adjust("1 second")
        host.isDown = false
        host.time = 0
        for (const result of yield* send(exchange, 20, 1)) assert.strictEqual(result._tag, "Success")
        host.isDown = true
        for (let i = 0; i < 4; i++) yield* failure(exchange)
        host.isDown = false
        assert.strictEqual((yield* exchange.send(request(registry))).status, 200)
        assert.lengthOf(state.sent, 6 + 20 + 4 + 1)
      })
    )

    it.effect("F84 errors of the registry's own neither open it nor count, and close it", () =>
      Effect.gen(function* () {
        for (const concurrency of [1, 8, 64]) {
          const hosts = simulate(({ url }) =>
            Effect.as(Effect.sleep(20), { status: url.pathname.endsWith("healthy") ? 200 : 500 })
          )
          const exchange = yield* exchangeWith(hosts, { concurrency: { max: concurrency } })
          const urls = [
            ...Array.from({ length: 100 }, (_, i) => new URL(`/v2/a/manifests/broken-${i}`, registry)),
            ...Array.from({ length: 100 }, () => new URL("/v2/a/manifests/healthy", registry))
          ]
          const all = Effect.forEach(urls, (url) => Effect.result(exchange.send(request(url))), { concurrency })
          const fiber = yield* Effect.forkChild(all)
          yield* TestClock.adjust("10 minutes")
          const tags = (yield* Fiber.join(fiber)).map((result) =>
            result._tag === "Failure" ? result.failure._tag : result.success.status
          )
          assert.deepStrictEqual(tags, [
            ...Array.from({ length: 100 }, () => "ServerError"),
            ...Array.from({ length: 100 }, () => 200)
          ])
          assert.lengthOf(hosts.state.sent, 300)
        }
        let status = 502
        const hosts = simulate(() => Effect.sync(() => ({ status })))
        const exchange = yield* exchangeWith(hosts, { retries: 0 })
        for (let i = 0; i < 5; i++) yield* failure(exchange)
        yield* TestClock.adjust("10 seconds")
        status = 500
        assert.strictEqual((yield* failure(exchange))._tag, "ServerError")
        assert.strictEqual((yield* failure(exchange))._tag, "ServerError")
      })
    )

    it.effect("F84 a probe that is given up leaves its place to the next one", () =>
      Effect.gen(function* () {
        const hosts = flaky()
        const exchange = yield* exchangeWith(hosts, { retries: 0 })
        for (let i = 0; i < 5; i++) yield* failure(exchange)
        yield* TestClock.adjust("10 seconds")
        hosts.host.time = 5000
        const probe = yield* Effect.forkChild(exchange.send(request(registry)))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(probe)
        hosts.host.time = 0
        hosts.host.isDown = false
        assert.strictEqual((yield* exchange.send(request(registry))).status, 200)
      })
    )

    it.effect("F84 a probe that is asked to wait has found a host that answers", () =>
      Effect.gen(function* () {
        let reply: Reply = { status: 502 }
        const hosts = simulate(() => Effect.sync(() => reply))
        const exchange = yield* exchangeWith(hosts, { retries: 0 })
        for (let i = 0; i < 5; i++) yield* failure(exchange)
        yield* TestClock.adjust("10 seconds")
        reply = { status: 429, headers: { "retry-after": "2" } }
        assert.strictEqual((yield* failure(exchange))._tag, "RateLimited")
        reply = { status: 200 }
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* exchange.send(request(registry))).status, 200)
      })
    )

    it.effect("F84 with many requests under way it opens as well, and those that wait for a turn fail at once", () =>
      Effect.gen(function* () {
        const hosts = flaky()
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 1000, 64))
        yield* TestClock.adjust("9 seconds")
        for (const result of yield* Fiber.join(fiber)) assert.strictEqual(result._tag, "Failure")
        assert.isAtMost(hosts.state.sent.length, 64 * 5)
      })
    )

    it.effect("F84 a host that stalls is given up by all soon after the deadline", () =>
      Effect.gen(function* () {
        const hosts = simulate(() => Effect.never)
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(send(exchange, 1000, 64))
        yield* TestClock.adjust("5 minutes")
        const exit = fiber.pollUnsafe()
        assert.isTrue(exit !== undefined && Exit.isSuccess(exit))
        assert.isAtMost(hosts.state.sent.length, 64)
      })
    )
  })

  describe("a DELETE", () => {
    const deletion = request(registry, { method: "DELETE" })

    it.effect("that finds nothing after an answer was lost has done its work", () =>
      Effect.gen(function* () {
        const replies: Array<Effect.Effect<Reply>> = [Effect.never, Effect.succeed({ status: 404 })]
        const hosts = simulate(() => replies.shift()!)
        const exchange = yield* exchangeWith(hosts)
        const fiber = yield* Effect.forkChild(exchange.send(deletion))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(fiber)).status, 202)
      })
    )

    it.effect("that finds nothing at first, or after it was put off, has found nothing", () =>
      Effect.gen(function* () {
        for (const first of [[], [{ status: 429, headers: { "retry-after": "1" } }]]) {
          const replies: Array<Reply> = [...first, { status: 404 }]
          const hosts = simulate(() => Effect.sync(() => replies.shift()!))
          const exchange = yield* exchangeWith(hosts)
          const fiber = yield* Effect.forkChild(exchange.send(deletion))
          yield* TestClock.adjust("1 minute")
          assert.strictEqual((yield* Fiber.join(fiber)).status, 404)
        }
      })
    )

    it.effect("is the only method for which 404 means that", () =>
      Effect.gen(function* () {
        const replies: Array<Effect.Effect<Reply>> = [Effect.never, Effect.succeed({ status: 404 })]
        const exchange = yield* exchangeWith(simulate(() => replies.shift()!))
        const fiber = yield* Effect.forkChild(exchange.send(request(registry)))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(fiber)).status, 404)
      })
    )
  })
})
