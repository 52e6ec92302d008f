/** The port for health checks, and the limit of connections from one address, of the built server. */
import { NodeServices } from "@effect/platform-node"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { get } from "node:http"
import { connect, type Socket } from "node:net"
import { ask, demoRegistry, eventually, runServer, startServer, token } from "../../process.ts"

const start = Effect.fnUntraced(function* (general: Readonly<Record<string, string>>) {
  const { credentials, registry } = yield* demoRegistry
  const server = yield* startServer(registry.url, { registry: credentials, general })
  yield* server.says(/crawled the registry/)
  return server
})

/** Opens connections that stay open as long as the server lets them. */
const flood = (port: number, count: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      Array.from({ length: count }, (): Socket => {
        const socket = connect(port, "127.0.0.1")
        return socket.on("error", () => {})
      })
    ),
    (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
  )

/** The status of a response to this address of the machine. */
const statusFrom = (localAddress: string, url: string) =>
  Effect.callback<number | undefined, Error>((resume) => {
    get(url, { agent: false, localAddress }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode))
    }).on("error", (error) => resume(Effect.fail(error)))
  })

describe("health_port", () => {
  it.live("responds while the connections of the API are used up, and has nothing else", () =>
    Effect.gen(function* () {
      const server = yield* start({ health_port: "0", max_connections: "20" })
      const [, url] = yield* server.says(/listening for health checks on (http:\/\/127\.0\.0\.1:\d+)/)
      const sockets = yield* flood(server.port, 100)
      expect(yield* eventually(() => sockets.filter(({ closed }) => closed).length >= 80, 5000)).toBe(true)
      const failed = yield* Effect.flip(ask(`${server.url}/health/live`))
      expect(failed).toBeDefined()
      for (const path of ["/health/live", "/health/ready", "/health/ready?x=1"]) {
        expect((yield* ask(`${url}${path}`)).status, path).toBe(200)
      }
      for (const path of ["/", "/images", "/metrics", "/health", "/health/ready/"]) {
        expect((yield* ask(`${url}${path}`)).status, path).toBe(404)
      }
      expect(server.output()).toContain("max_connections is reached")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("is optional: the API has the same", () =>
    Effect.gen(function* () {
      const server = yield* start({})
      expect((yield* ask(`${server.url}/health/live`)).body).toBe('{"status":"live"}')
      expect((yield* ask(`${server.url}/health/ready`)).body).toBe('{"status":"ready","stale":false}')
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("the command health", () => {
  it.live("asks the running server, on its port for health checks if it has one", () =>
    Effect.gen(function* () {
      const { credentials, registry } = yield* demoRegistry
      const ports = { socket_port: String(yield* Servers.freePort), health_port: String(yield* Servers.freePort) }
      const health = Effect.fnUntraced(function* (general: Readonly<Record<string, string>>) {
        const command = yield* runServer(registry.url, { registry: credentials, general }, ["health"])
        return { status: yield* command.end, output: command.output() }
      })
      const none = yield* health(ports)
      expect(none.status).toBe(1)
      expect(none.output).toContain(`http://127.0.0.1:${ports.health_port}/health/live does not respond`)
      yield* startServer(registry.url, { registry: credentials, general: ports })
      const url = (port: string) => `http://127.0.0.1:${port}/health/live responds\n`
      expect(yield* health(ports)).toEqual({ status: 0, output: url(ports.health_port) })
      const { socket_port } = ports
      expect(yield* health({ socket_port, socket_host: "0.0.0.0" })).toEqual({ status: 0, output: url(socket_port) })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("max_connections_per_address", () => {
  it.live("closes further connections of an address, counts and logs them; others are served", () =>
    Effect.gen(function* () {
      const server = yield* start({ max_connections_per_address: "10", trusted_proxies: "" })
      const sockets = yield* flood(server.port, 50)
      expect(yield* eventually(() => sockets.filter(({ closed }) => closed).length === 40, 5000)).toBe(true)
      expect(server.output().match(/127\.0\.0\.1 reaches max_connections_per_address/g)).toHaveLength(1)
      // Another address is another client.
      expect(yield* statusFrom("127.0.0.2", `${server.url}/health/live`)).toBe(200)
      for (const socket of sockets) socket.destroy()
      const metrics = yield* Effect.retry(ask(`${server.url}/metrics`, { authorization: `Bearer ${yield* token}` }), {
        times: 20
      })
      const [, count] = /refused_connections_total\{limit="address"\} (\d+)/.exec(metrics.body)!
      expect(Number(count)).toBeGreaterThanOrEqual(40)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("leaves trusted proxies alone", () =>
    Effect.gen(function* () {
      const server = yield* start({ max_connections_per_address: "10" })
      const sockets = yield* flood(server.port, 50)
      expect((yield* ask(`${server.url}/health/live`)).status).toBe(200)
      expect(sockets.filter(({ closed }) => closed)).toEqual([])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
