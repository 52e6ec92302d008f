import { App, type Server } from "@gitlab-registry-usage/server"
import { Images } from "@gitlab-registry-usage/core/testing"
import { expect, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { type AddressInfo, createConnection } from "node:net"
import { Names } from "@gitlab-registry-usage/core"
import { appLayer, signedIn } from "../../app.ts"

const port = Effect.map(HttpServer.HttpServer, ({ address }) => ("port" in address ? address.port : 0))

/** Sends each part when the server answered the one before, and returns all that it sends until it is quiet. */
const exchange = (port: number, ...parts: ReadonlyArray<string>) =>
  Effect.callback<{ readonly text: string; readonly closed: boolean }>((resume) => {
    const socket = createConnection(port, "127.0.0.1")
    let text = ""
    let closed = false
    let quiet: NodeJS.Timeout | undefined
    const rest = [...parts]
    const next = () => {
      clearTimeout(quiet)
      const part = rest.shift()
      if (part !== undefined && !closed) {
        socket.write(part)
        quiet = setTimeout(next, 2000)
      } else {
        socket.destroy()
        resume(Effect.succeed({ text, closed }))
      }
    }
    const soon = () => {
      clearTimeout(quiet)
      quiet = setTimeout(next, 300)
    }
    socket.on("connect", next)
    socket.on("data", (data) => {
      text += data
      soon()
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      closed = true
      soon()
    })
    return Effect.sync(() => socket.destroy())
  })

const statuses = (text: string) => Array.from(text.matchAll(/HTTP\/1\.1 (\d+) /g), ([, status]) => Number(status))

const live = (...headers: ReadonlyArray<string>) =>
  `${["GET /health/live HTTP/1.1", "Host: x", ...headers].join("\r\n")}\r\n\r\n`

const repositories = Effect.map(
  Effect.flatMap(Images.layer("one", 1000), (one) => Images.image({ layers: [one] })),
  (image) => [{ name: Names.RepositoryName.make("group/app"), tags: [{ name: Names.TagName.make("latest"), image }] }]
)

const serverWith = (options: Partial<Server.HttpOptions>) =>
  Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, options)))

layer(serverWith({ eventsToken: Redacted.make("an events secret") }), { excludeTestServices: true })(
  "a request as bytes",
  (it) => {
    const refusals: ReadonlyArray<readonly [what: string, request: string, status: number]> = [
      ["of two hosts", "GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
      ["of the same host twice", "GET /health/live HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n", 400],
      ["of two hosts in HTTP/1.0", "GET /health/live HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400],
      ["without a host", "GET /health/live HTTP/1.1\r\n\r\n", 400],
      ["of no valid host", "GET /health/live HTTP/1.1\r\nHost: a b/c\r\n\r\n", 400],
      ["of HTTP/0.9", "GET /health/live\r\n\r\n", 400],
      ["of HTTP/2.0", "GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n", 505]
    ]
    for (const [what, request, status] of refusals) {
      it.effect(`F124 ${what} is refused, and its connection ends`, () =>
        Effect.gen(function* () {
          const { closed, text } = yield* exchange(yield* port, request + live())
          expect(statuses(text)).toEqual([status])
          expect(closed).toBe(true)
        })
      )
    }

    it.effect("of HTTP/1.0, an IPv6 host, or an empty one is answered", () =>
      Effect.gen(function* () {
        for (const request of [
          "GET /health/live HTTP/1.0\r\n\r\n",
          "GET /health/live HTTP/1.1\r\nHost: [::1]:5000\r\n\r\n",
          "GET /health/live HTTP/1.1\r\nHost:\r\n\r\n"
        ]) {
          expect(statuses((yield* exchange(yield* port, request)).text)).toEqual([200])
        }
      })
    )

    const upgrade = live("Connection: keep-alive, Upgrade", "Upgrade: websocket")
    const post =
      "POST /events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"
    const sequences: ReadonlyArray<readonly [what: string, parts: ReadonlyArray<string>, statuses: Array<number>]> = [
      ["behind it in one packet", [upgrade + live()], [200, 200]],
      ["behind it in another packet", [upgrade, live()], [200, 200]],
      ["behind several", [upgrade + upgrade + live(), live()], [200, 200, 200, 200]],
      ["before and behind it", [live() + upgrade + live()], [200, 200, 200]],
      ["behind one with a body", [post + live()], [401, 200]],
      [
        "behind one that is not answered at once",
        [live().replace("/health/live", "/images") + upgrade + live()],
        [401, 200, 200]
      ]
    ]
    for (const [what, parts, expected] of sequences) {
      it.effect(`F124 that asks for an upgrade is answered as any other, and so is one ${what}`, () =>
        Effect.gen(function* () {
          const { closed, text } = yield* exchange(yield* port, ...parts)
          expect(statuses(text)).toEqual(expected)
          expect(closed).toBe(false)
        })
      )
    }

    const expecting = (path: string, length: number, ...headers: ReadonlyArray<string>) =>
      [
        `POST ${path} HTTP/1.1`,
        "Host: x",
        "Expect: 100-continue",
        "Content-Type: application/json",
        `Content-Length: ${length}`,
        ...headers,
        "\r\n"
      ].join("\r\n")
    const secret = "Authorization: Bearer an events secret"

    it.effect("F124 that waits for 100 Continue gets it once it is authenticated, and its connection goes on", () =>
      Effect.gen(function* () {
        const body = '{"events":[]}'
        const { closed, text } = yield* exchange(yield* port, expecting("/events", body.length, secret), body, live())
        expect(statuses(text)).toEqual([100, 202, 200])
        expect(closed).toBe(false)
      })
    )

    it.effect("F124 that waits for 100 Continue gets none where it is refused", () =>
      Effect.gen(function* () {
        for (const [request, status] of [
          [expecting("/events", 10), 401],
          [expecting("/unique_size", 10), 401],
          [expecting("/events", 10_000_000, secret), 413],
          [expecting("/nothing", 10), 404],
          [expecting("/images", 10), 405],
          [expecting("/events", 10, secret).replace("application/json", "text/plain"), 415]
        ] as const) {
          const { closed, text } = yield* exchange(yield* port, request)
          expect(statuses(text)).toEqual([status])
          expect(closed).toBe(true)
        }
      })
    )
  }
)

/** A server of somebody else in front of the app, as in `examples/embedded.ts`. */
const embedded = (front: (app: RequestListener) => RequestListener) =>
  Effect.gen(function* () {
    const listener = yield* Layer.build(App.layer({ eventsToken: Redacted.make("an events secret") }))
    const server = createServer(front(Context.get(listener, App.Listener)))
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => (server.closeAllConnections(), server.close()))
    )
    return (server.address() as AddressInfo).port
  })

/** Reads the body before the app gets the request, as a body parser does. */
const reading =
  (parse: (text: string) => object): ((app: RequestListener) => RequestListener) =>
  (app) =>
  (request, response) => {
    let text = ""
    request.on("data", (data) => (text += data))
    request.on("end", () => app(Object.assign(request, parse(text)) as IncomingMessage, response))
  }

layer(serverWith({}), { excludeTestServices: true })("a POST behind another framework's body parser", (it) => {
  const body = '{"items":["group/app"]}'
  const parsers: ReadonlyArray<readonly [what: string, parse: (text: string) => object, status: number]> = [
    ["that leaves an object", (text) => ({ body: JSON.parse(text) as unknown }), 200],
    ["that leaves text", (text) => ({ body: text }), 200],
    ["that leaves bytes", (text) => ({ body: Buffer.from(text) }), 200],
    ["that leaves nothing", () => ({}), 400]
  ]
  for (const [what, parse, status] of parsers) {
    it.effect(`${what} is answered`, () =>
      Effect.gen(function* () {
        const { authorization } = yield* signedIn
        const port = yield* embedded(reading(parse))
        const headers = [
          `Authorization: ${authorization}`,
          "Content-Type: application/json",
          `Content-Length: ${body.length}`
        ]
        const { text } = yield* exchange(
          port,
          `POST /unique_size HTTP/1.1\r\nHost: x\r\n${headers.join("\r\n")}\r\n\r\n${body}`
        )
        expect(statuses(text), text).toEqual([status])
      }).pipe(Effect.scoped)
    )
  }

  it.effect("is answered where the framework reads nothing", () =>
    Effect.gen(function* () {
      const port = yield* embedded((app) => app)
      const { text } = yield* exchange(port, "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
      expect(statuses(text)).toEqual([401])
    }).pipe(Effect.scoped)
  )
})
