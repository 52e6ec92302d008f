import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { HttpServer } from "effect/http"
import { createConnection } from "node:net"
import { connect } from "node:tls"
import { appLayer } from "../../app.ts"

/** What a client sends first, and what the server answers until the connection ends. */
const answerTo = (port: number, bytes: string) =>
  Effect.callback<string>((resume) => {
    const socket = createConnection(port, "127.0.0.1", () => socket.write(bytes, "latin1"))
    let text = ""
    socket.on("data", (data) => (text += data)).on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(text)))
    return Effect.sync(() => socket.destroy())
  })

const request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"

const cases: ReadonlyArray<readonly [what: string, bytes: string, message: RegExp]> = [
  ["a PROXY header", `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${request}`, /version 1.*remove send-proxy from/],
  [
    "a binary PROXY header",
    `\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02${request}`,
    /version 2.*remove send-proxy-v2 from/
  ],
  ["HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", /h2c.*use HTTP\/1\.1/]
]

const serverWith = (lines: Array<string>) =>
  appLayer({ repositories: [] }, { logLevel: "All" }).pipe(
    Layer.provideMerge(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))]))
  )

const portOf = Effect.map(HttpServer.HttpServer, ({ address }) => ("port" in address ? address.port : 0))

describe("another protocol than HTTP/1", () => {
  for (const [what, bytes, message] of cases) {
    it.live(`F133 ${what} is refused as before, and its cause logged once`, () => {
      const lines: Array<string> = []
      return Effect.gen(function* () {
        const port = yield* portOf
        for (let i = 0; i < 3; i++) expect(yield* answerTo(port, bytes)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
        yield* Effect.sleep("20 millis")
        expect(lines.filter((line) => message.test(line))).toHaveLength(1)
      }).pipe(Effect.provide(serverWith(lines)))
    })
  }

  it.live("F133 TLS on a port of HTTP is refused as before, and its cause logged once", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const port = yield* portOf
      yield* Effect.callback<void>((resume) => {
        connect({ port, host: "127.0.0.1" }).on("error", () => resume(Effect.void))
      })
      yield* Effect.sleep("20 millis")
      expect(lines.filter((line) => /sends TLS, while this port speaks HTTP/.test(line))).toHaveLength(1)
    }).pipe(Effect.provide(serverWith(lines)))
  })

  it.live("other faults are not taken for it", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const port = yield* portOf
      expect(yield* answerTo(port, "PROXYING / HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/)
      yield* Effect.sleep("20 millis")
      expect(lines.filter((line) => line.includes("sends"))).toEqual([])
    }).pipe(Effect.provide(serverWith(lines)))
  })
})
