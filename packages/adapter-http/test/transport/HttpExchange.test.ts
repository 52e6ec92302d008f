import { assert, describe, it } from "@effect/vitest"
import type { Registry } from "@gitlab-registry-usage/core"
import { Digest } from "@gitlab-registry-usage/core"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Duration, Effect, Fiber, Layer, Result, Schedule } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import type { ServerResponse } from "node:http"
import * as Net from "node:net"
import * as Exchange from "../../src/transport/HttpExchange.ts"
import { blobStore, json, listen, name, overUndici, redirecting, registryAt, tag, tagNames } from "../servers.ts"

const digest = Digest.Digest.make(`sha256:${"a".repeat(64)}`)
const get = (url: URL): Exchange.HttpRequest => ({ method: "GET", url, headers: {}, maxBytes: 1000 })

const reason = <A, E extends { readonly reason: Registry.RegistryReason }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

/** A client whose answers are these, one after the other, the last again and again. No time passes but the clock's. */
const scripted = (answers: ReadonlyArray<readonly [status: number, headers?: Record<string, string>]>) => {
  let sent = 0
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const [status, headers = {}] = answers[Math.min(sent++, answers.length - 1)]!
      return HttpClientResponse.fromWeb(request, new Response("", { status, headers }))
    })
  )
  return { sent: () => sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const url = new URL("https://registry.example.com/v2/")

describe("Exchange", () => {
  it.effect("F77 waits as long as Retry-After says, in seconds or until a date", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      for (const status of [429, 503]) {
        for (const retryAfter of ["7", "Thu, 01 Jan 2026 00:00:07 GMT"]) {
          yield* TestClock.setTime(Date.UTC(2026, 0, 1))
          const { layer, sent } = scripted([[status, { "retry-after": retryAfter }], [200]])
          const exchange = yield* Effect.provide(Exchange.make({}), layer)
          const fiber = yield* Effect.forkChild(exchange.send(get(url)))
          yield* TestClock.adjust("6900 millis")
          assert.strictEqual(sent(), 1)
          yield* TestClock.adjust("200 millis")
          assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
          assert.strictEqual(sent(), 2)
        }
      }
    })
  )

  it.effect("F77 a Retry-After beyond the longest pause fails at once and states how long", () =>
    Effect.gen(function* () {
      for (const [retryAfter, expected] of [
        ["86400", 86_400_000],
        ["99999999999999999999", Number.MAX_SAFE_INTEGER]
      ] as const) {
        const { layer, sent } = scripted([[429, { "retry-after": retryAfter }]])
        const exchange = yield* Effect.provide(Exchange.make({}), layer)
        const failure = yield* Effect.flip(exchange.send(get(url)))
        assert.strictEqual(failure._tag, "RateLimited")
        if (failure._tag === "RateLimited") assert.strictEqual(failure.retryAfter, expected)
        assert.strictEqual(sent(), 1)
      }
    })
  )

  it.effect("F77 a Retry-After that is garbage, past or missing leaves the usual pauses", () =>
    Effect.gen(function* () {
      for (const retryAfter of ["garbage", "-5", "1e9", "0", "Thu, 01 Jan 1970 00:00:00 GMT", undefined]) {
        const { layer, sent } = scripted([[429, retryAfter === undefined ? {} : { "retry-after": retryAfter }]])
        const exchange = yield* Effect.provide(Exchange.make({ retries: 3 }), layer)
        const fiber = yield* Effect.forkChild(Effect.flip(exchange.send(get(url))))
        // 250, 500 and 1000 ms, each at most a fifth longer.
        yield* TestClock.adjust("2100 millis")
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "RateLimited", retryAfter)
        assert.strictEqual(sent(), 4)
      }
    })
  )

  it.effect("repeats what may pass and nothing else, a bounded number of times", () =>
    Effect.gen(function* () {
      for (const [status, expected] of [
        [408, 5],
        [429, 5],
        [500, 2],
        [507, 2],
        [599, 2],
        [502, 5],
        [503, 5],
        [504, 5],
        [400, 1],
        [401, 1],
        [403, 1],
        [404, 1],
        [501, 1]
      ] as const) {
        const { layer, sent } = scripted([[status]])
        const exchange = yield* Effect.provide(Exchange.make({}), layer)
        const fiber = yield* Effect.forkChild(Effect.exit(exchange.send(get(url))))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        assert.strictEqual(sent(), expected, `${status}`)
      }
    })
  )

  it.effect("an error of the registry's own that it gave last time is not repeated, until it answered once", () =>
    Effect.gen(function* () {
      const replies = [500, 500, 500, 200, 500, 500, 502, 500, 502, 500]
      const { layer, sent } = scripted(replies.map((status) => [status]))
      const exchange = yield* Effect.provide(Exchange.make({}), layer)
      const outcome = Effect.fnUntraced(function* () {
        const before = sent()
        const fiber = yield* Effect.forkChild(Effect.result(exchange.send(get(url))))
        yield* TestClock.adjust("1 minute")
        const result = yield* Fiber.join(fiber)
        return [sent() - before, Result.isSuccess(result) ? result.success.status : result.failure._tag]
      })
      assert.deepStrictEqual(yield* outcome(), [2, "ServerError"])
      assert.deepStrictEqual(yield* outcome(), [1, "ServerError"])
      assert.deepStrictEqual(yield* outcome(), [1, 200])
      assert.deepStrictEqual(yield* outcome(), [2, "ServerError"])
      // A gateway's error is repeated as ever.
      assert.deepStrictEqual(yield* outcome(), [2, "ServerError"])
    })
  )

  it.effect("what is damaged is not repeated, whatever the query, and does not grow without bound", () =>
    Effect.gen(function* () {
      const { layer, sent } = scripted([[500]])
      const exchange = yield* Effect.provide(Exchange.make({}), layer)
      for (const [path, expected] of [
        ["/v2/a/manifests/1", 2],
        ["/v2/a/manifests/1?x=1", 1],
        ["/v2/a/manifests/2", 2]
      ] as const) {
        const before = sent()
        const fiber = yield* Effect.forkChild(Effect.exit(exchange.send(get(new URL(path, url)))))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        assert.strictEqual(sent() - before, expected, path)
      }
    })
  )

  it.effect("a patient request may take longer, and a longer timeout leaves time for a second attempt", () =>
    Effect.gen(function* () {
      for (const [timeout, patience, expected] of [
        ["30 seconds", 1, 30],
        ["30 seconds", 4, 120],
        ["100 seconds", 1, 100]
      ] as const) {
        let sent = 0
        const client = HttpClient.make(() =>
          Effect.andThen(
            Effect.sync(() => sent++),
            Effect.never
          )
        )
        const exchange = yield* Effect.provideService(Exchange.make({ timeout }), HttpClient.HttpClient, client)
        const fiber = yield* Effect.forkChild(Effect.flip(exchange.send({ ...get(url), patience })))
        yield* TestClock.adjust(Duration.seconds(expected - 1))
        assert.strictEqual(sent, 1)
        yield* TestClock.adjust("3 seconds")
        assert.strictEqual(sent, patience === 4 ? 1 : 2)
        yield* TestClock.adjust("10 minutes")
        const { detail } = yield* Fiber.join(fiber)
        assert.include(detail, `did not answer within ${Duration.format(Duration.seconds(expected))}`)
      }
    })
  )

  it.effect("begins no attempt after the deadline", () =>
    Effect.gen(function* () {
      const { layer, sent } = scripted([[503, { "retry-after": "50" }]])
      const exchange = yield* Effect.provide(Exchange.make({ retries: 100, deadline: "2 minutes" }), layer)
      const fiber = yield* Effect.forkChild(Effect.flip(exchange.send(get(url))))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "RateLimited")
      assert.isAtMost(sent(), 4)
    })
  )

  it.live("F78 a stall before the headers, in the body, and a slow drip end at the timeout", () =>
    Effect.gen(function* () {
      for (const stall of [
        () => undefined,
        (response) => response.writeHead(200).flushHeaders(),
        (response) => response.writeHead(200, { "content-length": 100 }).write("{"),
        (response) => {
          response.writeHead(200)
          const timer = setInterval(() => response.write(" "), 20)
          response.on("close", () => clearInterval(timer))
        }
      ] satisfies ReadonlyArray<(response: ServerResponse) => unknown>) {
        let closed = 0
        const server = yield* listen((_, response) => {
          response.on("close", () => closed++)
          stall(response)
        })
        // Client and server share this thread: on a busy machine the request must arrive before the timeout.
        const registry = yield* registryAt(server.url, { timeout: "500 millis" })
        const { _tag, detail } = yield* Effect.timeout(reason(tagNames(registry)), "10 seconds")
        assert.strictEqual(_tag, "Unreachable")
        assert.include(detail, "500ms")
        const isClosed = Effect.sync(() => closed > 0)
        yield* Effect.repeat(isClosed, { until: (closed) => closed, schedule: Schedule.spaced("10 millis") }).pipe(
          Effect.timeout("5 seconds")
        )
        assert.strictEqual(closed, 1, "the connection is closed")
      }
    }).pipe(overUndici)
  )

  it.live("F78 a reset, an end in the middle and a refused connection are repeated, then reported by their code", () =>
    Effect.gen(function* () {
      for (const [breaking, code] of [
        [(socket: Net.Socket) => void socket.resetAndDestroy(), "ECONNRESET"],
        [(socket: Net.Socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "UND_ERR_SOCKET"],
        [(socket: Net.Socket) => void socket.end("garbage\r\n\r\n"), "HTTPParserError"]
      ] as const) {
        let connections = 0
        const server = yield* Effect.acquireRelease(
          Effect.callback<Net.Server>((resume) => {
            const server = Net.createServer((socket) => {
              connections++
              socket.on("error", () => undefined)
              socket.once("data", () => breaking(socket))
            }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
        )
        const { port } = server.address() as Net.AddressInfo
        const registry = yield* registryAt(new URL(`http://127.0.0.1:${port}`), { retries: 1 })
        const { _tag, detail } = yield* reason(registry.manifest(name, tag))
        assert.strictEqual(_tag, "Unreachable")
        assert.include(detail, code)
        assert.strictEqual(connections, 2)
      }
      const port = yield* Servers.freePort
      const { _tag, detail } = yield* reason(tagNames(yield* registryAt(new URL(`http://127.0.0.1:${port}`))))
      assert.strictEqual(_tag, "Unreachable")
      assert.include(detail, "ECONNREFUSED")
    }).pipe(overUndici)
  )

  it.live("an answer after a failure is an answer", () =>
    Effect.gen(function* () {
      let count = 0
      const server = yield* listen((request, response) =>
        ++count === 1
          ? request.socket.destroy()
          : count === 2
            ? response.writeHead(502).end()
            : json(response, { tags: ["a"] })
      )
      const registry = yield* registryAt(server.url, { retries: 4 })
      assert.deepStrictEqual(yield* tagNames(registry), ["a"])
      assert.lengthOf(server.asked, 3)
    }).pipe(overUndici)
  )

  it.live("connections are kept, also after answers of errors", () =>
    Effect.gen(function* () {
      const ports = new Set<number | undefined>()
      const server = yield* listen((request, response) => {
        ports.add(request.socket.remotePort)
        response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN","message":"x"}]}')
      })
      const registry = yield* registryAt(server.url)
      for (let i = 0; i < 50; i++) yield* reason(tagNames(registry))
      // A second one is opened where the first was not yet free again.
      assert.isAtMost(ports.size, 2)
    }).pipe(overUndici)
  )

  describe("redirects of blobs", () => {
    it.live("F70 are followed to another host and port without Authorization", () =>
      Effect.gen(function* () {
        const elsewhere = yield* blobStore
        for (const host of ["127.0.0.1", "localhost"]) {
          const { registry } = yield* redirecting(
            () => `http://${host}:${elsewhere.port}/bucket/x?X-Amz-Signature=canary`
          )
          assert.strictEqual(yield* registry.blobSize(name, digest), 12345)
        }
        assert.lengthOf(elsewhere.asked, 2)
        for (const { headers, method, path } of elsewhere.asked) {
          assert.deepStrictEqual([method, path], ["HEAD", "/bucket/x?X-Amz-Signature=canary"])
          assert.isUndefined(headers.authorization)
          assert.isUndefined(headers["traceparent"])
        }
      }).pipe(overUndici)
    )

    it.live("F70 that go round or on for more than five are refused", () =>
      Effect.gen(function* () {
        const loop = yield* redirecting((url) => url.pathname)
        assert.strictEqual((yield* reason(loop.registry.blobSize(name, digest)))._tag, "Malformed")
        assert.lengthOf(loop.asked, 8)
        for (const [count, expected] of [
          [5, 12345],
          [6, "Malformed"]
        ] as const) {
          const elsewhere = yield* blobStore
          let left = count
          const { registry } = yield* redirecting((url) =>
            --left === 0 ? elsewhere.url.href : `${url.pathname}${left}`
          )
          const size = registry.blobSize(name, digest)
          const found = yield* Effect.catchTag(size, "RegistryError", ({ reason }) => Effect.succeed(reason._tag))
          assert.isTrue(found === expected, `${found}`)
        }
      }).pipe(overUndici)
    )
  })
})
