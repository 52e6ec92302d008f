/** Clients that are slow, many, or gone: the built server as a process, over raw sockets. */
import { NodeServices } from "@effect/platform-node"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { execFileSync } from "node:child_process"
import { ask, demoRegistry, eventually, notHeldUp, open, type RawSocket, startServer, token } from "../process.ts"

/** A server that has crawled an embedded registry, and the headers of somebody who signed in. */
const scene = Effect.gen(function* () {
  const { credentials, registry } = yield* demoRegistry
  const server = yield* startServer(registry.url, {
    registry: { ...credentials, events_token: "canary-events-token" }
  })
  yield* server.says(/crawled the registry/)
  return { server, headers: { authorization: `Bearer ${yield* token}` } }
})

const trickle = (sockets: ReadonlyArray<RawSocket>, bytes: string) =>
  Effect.sync(() => {
    for (const { socket } of sockets) if (socket.writable) socket.write(bytes)
  }).pipe(Effect.repeat(Schedule.spaced("500 millis")))

describe("clients", () => {
  it.live(
    "F21 slow headers and bodies are disconnected within 10 seconds without an effect on others",
    () =>
      Effect.gen(function* () {
        const { headers, server } = yield* scene
        const times = (count: number, first: string) => Array.from({ length: count }, () => open(server.port, first))
        const kinds = {
          "says nothing": times(50, ""),
          "half a request line": times(50, "GET /ima"),
          "headers without end": times(50, "GET /images HTTP/1.1\r\nHost: x\r\nX-A: "),
          "a body that does not come": times(
            50,
            "POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer canary-events-token\r\n" +
              "Content-Type: application/vnd.docker.distribution.events.v2+json\r\nContent-Length: 100000\r\n\r\n"
          ),
          "a body of a stranger": times(50, "POST /unique-size HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        }
        yield* Effect.forkScoped(trickle([...kinds["headers without end"], ...kinds["a body that does not come"]], "a"))
        let answered = 0
        const all = Object.values(kinds).flat()
        while (!all.every(({ closed }) => closed() !== undefined) && answered < 600) {
          const answer = yield* ask(`${server.url}/images`, headers)
          assert.strictEqual(answer.status, 200)
          answered++
          yield* Effect.sleep("20 millis")
        }
        for (const [kind, sockets] of Object.entries(kinds)) {
          const closed = sockets.map(({ closed }) => closed() ?? Infinity)
          assert.isAtMost(Math.max(...closed), 10_000, kind)
        }
        notHeldUp(answered)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "F22 10,000 silent connections are limited and closed; health responds, on a new connection within 15 seconds",
    () =>
      Effect.gen(function* () {
        const { server } = yield* scene
        const limit = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim())
        // This process holds one descriptor for each, and so does the server.
        const count = Math.min(10_500, limit - 500)
        if (count < 10_500) console.warn(`F22: with ${limit} file descriptors, ${count} connections are opened`)
        const probe = open(server.port, "")
        const healthOn = (sockets: RawSocket) =>
          Effect.gen(function* () {
            const before = sockets.received().length
            sockets.socket.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            return yield* eventually(() => sockets.received().slice(before).includes("HTTP/1.1 200"), 10_000)
          })
        assert.isTrue(yield* healthOn(probe))
        const idle: Array<RawSocket> = []
        while (idle.length < count) {
          for (let i = 0; i < 500; i++) idle.push(open(server.port))
          yield* Effect.sleep("50 millis")
          assert.isTrue(yield* healthOn(probe), `with ${idle.length} connections`)
        }
        const { descriptors } = yield* server.usage
        assert.isAtMost(descriptors, 10_100)
        // A probe that comes in new may be refused while all connections are taken: until the idle ones are cut.
        const begin = performance.now()
        const fresh = yield* ask(`${server.url}/health/live`).pipe(
          Effect.retry({ schedule: Schedule.spaced("250 millis"), times: 60 })
        )
        assert.strictEqual(fresh.status, 200)
        assert.isAtMost(performance.now() - begin, 15_000)
        assert.isTrue(yield* eventually(() => idle.every(({ closed }) => closed() !== undefined), 12_000))
        assert.strictEqual((yield* ask(`${server.url}/health/live`)).status, 200)
        assert.isAtMost((yield* server.usage).descriptors, 100)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "F22 idle connections at the limit make room for new ones",
    () =>
      Effect.gen(function* () {
        const { server } = yield* scene
        const small = yield* startServer(server.url, { general: { max_connections: "50" } })
        const kept = Array.from({ length: 50 }, () => open(small.port, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert.isTrue(yield* eventually(() => kept.every(({ received }) => received().includes("200 OK")), 5000))
        const fresh = yield* ask(`${small.url}/health/live`).pipe(
          Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 90 })
        )
        assert.strictEqual(fresh.status, 200)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "F23 clients that disconnect during large responses leave nothing behind",
    () =>
      Effect.gen(function* () {
        const { headers, server } = yield* scene
        const request = (i: number) =>
          `GET /images?embed=true&links=true&n=${i} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n\r\n`
        const round = (from: number) =>
          Effect.gen(function* () {
            const sockets = Array.from({ length: 200 }, (_, i) => open(server.port, request(from + i)))
            yield* Effect.sleep("100 millis")
            for (const { socket } of sockets) socket.resetAndDestroy()
            yield* Effect.sleep("100 millis")
          })
        yield* round(0)
        yield* Effect.sleep("500 millis")
        const before = yield* server.usage
        for (let i = 1; i <= 10; i++) yield* round(i * 200)
        yield* Effect.sleep("500 millis")
        const after = yield* server.usage
        assert.isAtMost(after.descriptors, before.descriptors + 5)
        // Answers that were kept would be several GB; what the collector of garbage has not come to yet is far less.
        assert.isAtMost(after.resident - before.resident, 500 * 2 ** 20)
        assert.strictEqual((yield* ask(`${server.url}/images`, headers)).status, 200)
        assert.notMatch(server.output(), /Error|level=ERROR/)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})

describe.skipIf(Servers.leftOut("slowhttptest"))("slowhttptest", () => {
  describe("slowhttptest", () => {
    /** 500 connections, 250 in each second, for 12 seconds; something is sent each second, others are tried for 2. */
    const always = ["-c", "500", "-r", "250", "-l", "12", "-i", "1", "-p", "2"]

    /** Runs Debian's slowhttptest against the server and reads from its report whether others were answered. */
    const attack = (port: number, ...args: ReadonlyArray<string>) =>
      Servers.run("/usr/bin/slowhttptest", [...args, ...always, "-u", `http://127.0.0.1:${port}/images`])

    for (const [kind, ...args] of [
      ["slow headers (slowloris)", "-H"],
      ["slow bodies (R-U-Dead-Yet)", "-B", "-s", "8192"],
      ["slow reading", "-X", "-w", "1", "-y", "2", "-n", "1", "-z", "1", "-k", "3"]
    ] as const) {
      it.live(
        `F21 ${kind}`,
        () =>
          Effect.gen(function* () {
            const { headers, server } = yield* scene
            const attacking = yield* Effect.forkScoped(attack(server.port, ...args))
            let answered = 0
            while (attacking.pollUnsafe() === undefined && answered < 1000) {
              const answer = yield* ask(`${server.url}/images`, headers)
              assert.strictEqual(answer.status, 200)
              answered++
              yield* Effect.sleep("30 millis")
            }
            notHeldUp(answered)
            const { descriptors } = yield* server.usage
            assert.isAtMost(descriptors, 600)
          }).pipe(Effect.provide(NodeServices.layer)),
        60_000
      )
    }
  })
})
