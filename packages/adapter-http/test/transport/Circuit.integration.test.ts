/** The circuit to a real host over real sockets: it fails, is left alone, and comes back. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { name, overUndici, registryAt, tag } from "../servers.ts"

/** A server on a port of its own that closes each connection at once, or answers each request with 404. */
const host = Effect.gen(function* () {
  const state = { connections: 0, isDown: true }
  const server = createServer((socket) => {
    state.connections++
    socket.on("error", () => {})
    if (state.isDown) return void socket.destroy()
    socket.on("data", () => socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )
  const { port } = server.address() as AddressInfo
  return { state, url: new URL(`http://127.0.0.1:${port}`) }
})

describe("circuit", () => {
  it.effect("F84 a host that closes its connections gets none while the circuit is open, then one probe", () =>
    Effect.gen(function* () {
      const { state, url } = yield* host
      const registry = yield* registryAt(url)
      const reason = Effect.map(Effect.flip(registry.manifest(name, tag)), ({ reason }) => reason)
      while (state.connections < 5) assert.strictEqual((yield* reason)._tag, "Unreachable")
      for (let i = 0; i < 20; i++) assert.include((yield* reason).detail, "is tried again in")
      assert.strictEqual(state.connections, 5)
      // Half-open: of many requests one is sent. It fails, and the circuit stays open for twice as long.
      yield* TestClock.adjust("10 seconds")
      yield* Effect.all(
        Array.from({ length: 20 }, () => reason),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(state.connections, 6)
      yield* TestClock.adjust("10 seconds")
      yield* reason
      assert.strictEqual(state.connections, 6)
      // The host is back: the probe closes the circuit.
      state.isDown = false
      yield* TestClock.adjust("10 seconds")
      for (let i = 0; i < 10; i++) assert.strictEqual((yield* reason)._tag, "NotFound")
      assert.strictEqual(state.connections, 16)
    }).pipe(overUndici)
  )
})
