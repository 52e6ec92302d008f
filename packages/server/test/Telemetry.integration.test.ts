import { NodeServices } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { demoRegistry, startServer, token } from "./process.ts"

/** A collector of OpenTelemetry that keeps what it is sent, by path. */
const collector = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly sent: Map<string, string>; readonly close: () => void }>(
    (resume) => {
      const sent = new Map<string, string>()
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (part) => (body += part))
        request.on("end", () => {
          sent.set(request.url!, (sent.get(request.url!) ?? "") + body)
          response.writeHead(200, { "content-type": "application/json" }).end("{}")
        })
      }).listen(0, "127.0.0.1", () =>
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
            sent,
            close: () => server.closeAllConnections()
          })
        )
      )
    }
  ),
  ({ close }) => Effect.sync(close)
)

const ask = (url: string, headers: Record<string, string>) =>
  Effect.promise(() => fetch(url, { headers }).then((answer) => answer.text().then(() => answer)))

describe("logs and traces", () => {
  it.live(
    "each request is logged with its id, user and route, without secrets and query",
    () =>
      Effect.gen(function* () {
        const { credentials, registry } = yield* demoRegistry
        const server = yield* startServer(registry.url, {
          registry: credentials,
          general: { access_log: "yes", log_format: "json" }
        })
        const bearer = yield* token
        yield* server.says(/crawled the registry/)
        const headers = { authorization: `Bearer ${bearer}`, "x-request-id": "request-1" }
        for (let i = 0; i < 2; i++) yield* ask(`${server.url}/images?embed=1&token=${bearer}`, headers)
        yield* ask(`${server.url}/images`, { "x-request-id": "request-2" })
        yield* server.signal("SIGTERM")
        expect(yield* server.end).toBe(0)
        const lines = server
          .output()
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .map((line) => JSON.parse(line) as { message: unknown; annotations: Record<string, unknown> })
          .filter(({ message }) => message === "answered")
        expect(lines.map(({ annotations }) => annotations)).toMatchObject([
          { request_id: "request-1", method: "GET", path: "/images", route: "images", status: 200, user: "alice" },
          { request_id: "request-1", route: "kept", status: 200, user: "alice" },
          { request_id: "request-2", status: 401, address: "127.0.0.1" }
        ])
        expect(server.output()).not.toContain(bearer)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    40_000
  )

  it.live(
    "an OpenTelemetry collector gets logs, metrics, and a span that continues the trace of the request",
    () =>
      Effect.gen(function* () {
        const { sent, url } = yield* collector
        const { credentials, registry } = yield* demoRegistry
        const server = yield* startServer(registry.url, { registry: credentials, general: { otlp_url: url } })
        yield* server.says(/crawled the registry/)
        const bearer = yield* token
        const trace = "0af7651916cd43dd8448eb211c80319c"
        yield* ask(`${server.url}/images`, {
          authorization: `Bearer ${bearer}`,
          traceparent: `00-${trace}-b7ad6b7169203331-01`
        })
        // What is not sent yet is sent at the end.
        yield* server.signal("SIGTERM")
        expect(yield* server.end).toBe(0)
        expect([...sent.keys()].toSorted()).toEqual(["/v1/logs", "/v1/metrics", "/v1/traces"])
        expect(sent.get("/v1/traces")).toContain(trace)
        expect(sent.get("/v1/traces")).toContain("http.response.status_code")
        expect(sent.get("/v1/logs")).toContain("crawled the registry")
        expect([...sent.values()].join()).not.toContain(bearer)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    40_000
  )
})
