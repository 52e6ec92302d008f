/** Replicas that are replaced one after the other behind HAProxy, as Kubernetes does it. */
import { NodeServices } from "@effect/platform-node"
import { Haproxy, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schedule, Scope } from "effect"
import { Agent, request } from "node:http"
import { ask, demoRegistry, startServer, token } from "../../process.ts"

/** The status of a response that arrived whole, or why there is none. */
const send = (port: number, path: string, agent: Agent | false, authorization: string) =>
  Effect.callback<string>((resume) => {
    const fail = ({ code, message }: NodeJS.ErrnoException) => resume(Effect.succeed(code ?? message))
    const sent = request({ host: "127.0.0.1", port, path, agent, headers: { authorization } }, (response) => {
      response.on("error", fail)
      response.on("end", () => resume(Effect.succeed(response.complete ? String(response.statusCode) : "cut off")))
      response.resume()
    })
    sent.on("error", fail)
    sent.end()
  })

/** Sends requests one after the other until it is interrupted; adds each outcome. */
const client = Effect.fnUntraced(function* (
  outcomes: Map<string, number>,
  next: Effect.Effect<string>
): Effect.fn.Return<void> {
  for (let i = 0; i < 100_000; i++) {
    const outcome = yield* Effect.uninterruptible(next)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    yield* Effect.sleep("5 millis")
  }
})

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, isSo: (value: A) => boolean): Effect.Effect<A, unknown, R> =>
  Effect.retry(
    Effect.flatMap(effect, (value) => (isSo(value) ? Effect.succeed(value) : Effect.fail(new Error("not yet")))),
    { schedule: Schedule.spaced("50 millis"), times: 200 }
  )

describe.skipIf(Servers.leftOut("HAProxy"))("a rolling update behind HAProxy", () => {
  it.live(
    "F132 fails no connection in TCP mode and no request in HTTP mode",
    () =>
      Effect.gen(function* () {
        const { credentials, registry } = yield* demoRegistry
        const authorization = `Bearer ${yield* token}`
        const places = yield* Effect.forEach([1, 2], () =>
          Effect.all({ port: Servers.freePort, health: Servers.freePort })
        )
        const start = Effect.fnUntraced(function* ({
          health,
          port
        }: {
          readonly port: number
          readonly health: number
        }) {
          const scope = yield* Scope.fork(yield* Effect.scope)
          const server = yield* startServer(registry.url, {
            registry: credentials,
            general: { socket_port: String(port), health_port: String(health), shutdown_delay: "2 seconds" }
          }).pipe(Scope.provide(scope))
          yield* until(ask(`http://127.0.0.1:${health}/health/ready`), ({ status }) => status === 200)
          return { server, end: Scope.close(scope, Exit.void) }
        })
        let running = yield* Effect.forEach(places, start)
        const servers = places
          .map(({ health, port }, i) => `server s${i} 127.0.0.1:${port} check port ${health} inter 300 fall 2 rise 1`)
          .join("\n")
        const checks = `option httpchk GET /health/ready\nbalance roundrobin\n${servers}`
        const ports = yield* Haproxy.start({
          l4: `mode tcp\nretries 0\n${checks}`,
          l7: `mode http\nretries 0\n${checks}`
        })
        const proxied = [ports.l4, ports.l7]
        for (const port of proxied) {
          yield* until(send(port, "/health/live", false, authorization), (outcome) => outcome === "200")
        }

        const outcomes = new Map<string, number>()
        const kept = new Agent({ keepAlive: true, maxSockets: 1 })
        yield* Effect.addFinalizer(() => Effect.sync(() => kept.destroy()))
        const clients = yield* Effect.forEach(
          [
            ...proxied.map((port) => client(outcomes, send(port, "/health/live", false, authorization))),
            ...proxied.map((port) => client(outcomes, send(port, "/images?embed=true", false, authorization))),
            // HAProxy keeps this connection while it uses others to the servers.
            client(outcomes, send(ports.l7, "/images?embed=true", kept, authorization))
          ],
          (client) => Effect.forkChild(client)
        )
        yield* Effect.sleep("500 millis")
        for (const [i, place] of places.entries()) {
          const old = running[i]!.server
          yield* old.signal("SIGTERM")
          const stopping = yield* until(
            ask(`http://127.0.0.1:${place.health}/health/ready`),
            ({ status }) => status === 503
          )
          expect(stopping.body).toContain("the server is stopping")
          // New connections are still answered, and its own port for health checks responds to the end.
          expect(yield* send(place.port, "/health/live", false, authorization)).toBe("200")
          expect(yield* old.end).toBe(0)
          yield* running[i]!.end
          running = running.with(i, yield* start(place))
          // HAProxy has found the new one.
          yield* Effect.sleep("800 millis")
        }
        yield* Fiber.interruptAll(clients)
        expect(Object.fromEntries(outcomes)).toEqual({ 200: expect.any(Number) })
        expect(outcomes.get("200")).toBeGreaterThan(200)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})
