/** Odd requests, and what becomes of them in answers, logs and metrics. */
import { Authentication, Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it, layer } from "@effect/vitest"
import { Deferred, Effect, Layer, Logger, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { appLayer, basic, send, httpLayer, signedIn, tokens } from "../app.ts"
import { eventually, open } from "../process.ts"

/** A server whose directory does as it is told, and the lines that it logs. */
const appWith = (
  verify: Authentication.Directory["Service"]["verify"],
  lines: Array<string>,
  format: Logger.Logger<unknown, string> = Logger.formatLogFmt
) =>
  httpLayer({ accessLog: true }).pipe(
    Layer.provideMerge(Collector.layer()),
    Layer.provide([SnapshotStore.layerMemory, RegistryMemory.layer({ repositories: [] })]),
    Layer.provideMerge(tokens),
    Layer.provide(Layer.succeed(Authentication.Directory, { verify })),
    Layer.provideMerge(Logger.layer([Logger.map(format, (line) => void lines.push(line))])),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "All"))
  )

const portOf = Effect.map(HttpServer.HttpServer, ({ address }) => (address as { readonly port: number }).port)

/** Sends these bytes, and reads what comes until so much has come or the connection ends. */
const raw = (bytes: string, until: RegExp) =>
  Effect.gen(function* () {
    const socket = open(yield* portOf, bytes)
    yield* eventually(() => until.test(socket.received()) || socket.closed() !== undefined, 3000)
    socket.socket.destroy()
    return socket.received()
  })

describe("what is logged", () => {
  for (const [name, format] of [
    ["text", Logger.formatLogFmt],
    ["JSON", Logger.formatJson]
  ] as const) {
    it.live(`F06 control characters are escaped in ${name}: a request cannot start a new line`, () => {
      const lines: Array<string> = []
      const forged = "eve\r\ntimestamp=2026-01-01T00:00:00Z level=ERROR message=forged\u001b[2J\u2028"
      return Effect.gen(function* () {
        const { json } = yield* send("/auth_token", { headers: basic("x", "y") })
        const token = { authorization: `Bearer ${(json as { auth_token: string }).auth_token}` }
        for (const path of ["/images/%00", "/images/a%0d%0alevel=ERROR", "/images/%1b%5b2J", "/images/..%2f..%2fetc"]) {
          expect([400, 404]).toContain((yield* send(path, { headers: token })).status)
        }
        yield* send("/images", { headers: { ...token, "x-request-id": "a\u0085b c" } })
        yield* raw(`GET /images/\u0001\u001b[2J HTTP/1.1\r\nHost: x\r\n\r\n`, /\r\n\r\n/)
        expect(lines.filter((line) => line.includes("answered")).length).toBeGreaterThanOrEqual(6)
        expect(lines.join("")).toContain("forged")
        // oxlint-disable-next-line no-control-regex -- what must not be there
        for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
        const errors = name === "JSON" ? /"level":"ERROR"/ : /^timestamp=\S+ level=ERROR/m
        expect(lines.join("\n")).not.toMatch(errors)
      }).pipe(Effect.provide(appWith(() => Effect.succeed({ username: forged }), lines, format)))
    })
  }
})

describe("clients that disconnect", () => {
  it.live("F23 a sign-in whose client disconnects goes on, so that its outcome counts", () => {
    const verifying = { begun: 0, ended: 0 }
    const outcome = Effect.runSync(Deferred.make<void>())
    const verify = () =>
      Effect.sync(() => void verifying.begun++).pipe(
        Effect.andThen(Deferred.await(outcome)),
        Effect.andThen(Effect.sync(() => void verifying.ended++)),
        Effect.andThen(
          Effect.fail(new Authentication.DirectoryError({ reason: new Authentication.InvalidCredentials() }))
        )
      )
    return Effect.gen(function* () {
      const port = yield* portOf
      const sockets = Array.from({ length: 4 }, () =>
        open(port, `GET /auth_token HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic("a", "x").authorization}\r\n\r\n`)
      )
      expect(yield* eventually(() => verifying.begun === 4, 3000)).toBe(true)
      for (const { socket } of sockets) socket.resetAndDestroy()
      yield* Effect.sleep("50 millis")
      yield* Deferred.succeed(outcome, undefined)
      expect(yield* eventually(() => verifying.ended === 4, 3000)).toBe(true)
      const { status } = yield* send("/auth_token", { headers: basic("a", "x") })
      expect(status).toBe(429)
      expect(verifying.begun).toBe(4)
    }).pipe(Effect.provide(appWith(verify, [])))
  })
})

layer(appLayer({ repositories: [] }), { excludeTestServices: true })("odd requests", (it) => {
  it.effect("F24 Expect gets an immediate response", () =>
    Effect.gen(function* () {
      const { authorization } = yield* signedIn
      const head = `GET /images HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n`
      // Without a body there is nothing to wait for.
      expect(yield* raw(`${head}Expect: 100-continue\r\n\r\n`, /HTTP\/1\.1 200/)).toMatch(/HTTP\/1\.1 200/)
      expect(yield* raw(`${head}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`, /\d{3} B/)).toMatch(
        /HTTP\/1\.1 400/
      )
      expect(yield* raw(`${head}Expect: something-else\r\n\r\n`, /HTTP\/1\.1 \d/)).toMatch(/^HTTP\/1\.1 417/)
    })
  )

  it.effect("F24 an ambiguous message is 400 and closes the connection", () =>
    Effect.gen(function* () {
      const head = "GET /health/live HTTP/1.1\r\nHost: x\r\n"
      const next = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
      for (const [what, request] of [
        ["TE and CL", `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
        ["two lengths", `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
        ["a length that is none", `${head}Content-Length: +5\r\n\r\nhello`],
        ["a coding that is none", `${head}Transfer-Encoding: xchunked\r\n\r\n`],
        ["chunked not at last", `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
        ["a chunk of no size", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`],
        ["a space before the colon", `${head}Content-Length : 5\r\n\r\nhello`],
        ["a folded header", `${head}X: a\r\n b\r\n\r\n`],
        ["lines that end with LF alone", "GET /health/live HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n0\n\n"],
        ["no host", "GET /health/live HTTP/1.1\r\n\r\n"],
        ["a bare CR", `${head}X: a\rb\r\n\r\n`]
      ] as const) {
        const answer = yield* raw(request + next, /HTTP\/1\.1 \d{3} [^]*HTTP\/1\.1 \d{3}/)
        expect(answer, what).toMatch(/^HTTP\/1\.1 400/)
        expect(answer, what).not.toContain("200 OK")
      }
    })
  )

  it.effect("F31 malformed credentials are 401 at once, and a colon belongs to the password", () =>
    Effect.gen(function* () {
      const encoded = (bytes: string | Buffer) => `Basic ${Buffer.from(bytes).toString("base64")}`
      const many = [
        encoded(""),
        encoded(":"),
        encoded(":secret"),
        encoded("alice"),
        encoded("alice:"),
        encoded(`${"a".repeat(257)}:x`),
        encoded(Buffer.from([0x61, 0x3a, 0xff])),
        encoded(Buffer.from([0xed, 0xa0, 0x80, 0x3a, 0x61])),
        encoded("alice\0:alice-secret"),
        encoded("alice:alice-secret\0"),
        encoded(" alice:alice-secret"),
        `Basic ${Buffer.from("alice:alice-secret").toString("base64").replaceAll("=", "")}=====`,
        "Basic YWxpY2U6YWxpY2Utc2VjcmV0, Basic YWxpY2U6YWxpY2Utc2VjcmV0",
        "Basic %61",
        "Basic  ",
        "Basic \tYWxpY2U6"
      ]
      const bodies = new Set<string>()
      for (const [i, authorization] of many.entries()) {
        const answer = yield* send("/auth_token", {
          headers: { authorization, "x-forwarded-for": `192.0.2.${i}` }
        })
        // The fifth wrong password of one user would be told to wait.
        expect([401, 429], JSON.stringify(authorization)).toContain(answer.status)
        if (answer.status === 401) bodies.add(answer.body)
      }
      expect(bodies.size).toBe(1)
      expect((yield* send("/auth_token", { headers: basic("zoe", "zoë-pass:word") })).status).toBe(200)
    })
  )
})

describe("defects", () => {
  const lines: Array<string> = []
  it.live("F28 are counted, logged with their stack, and reported without it", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.Collector
      yield* collector.refresh
      const good = yield* Effect.flatMap(Authentication.Tokens, (tokens) => tokens.issue({ username: "alice" }))
      const metrics = Effect.map(
        send("/metrics", { headers: { authorization: `Bearer ${Redacted.value(good.token)}` } }),
        ({ body }) => Number(/http_defects_total (\d+)/.exec(body)?.[1] ?? 0)
      )
      const before = yield* metrics
      for (let i = 0; i < 3; i++) {
        const answer = yield* send("/auth_token", { headers: basic(`user${i}`, "x") })
        expect(answer.status).toBe(500)
        expect(answer.body).not.toMatch(/inner bug|\.ts|\bat /)
      }
      expect(yield* metrics).toBe(before + 3)
      expect(lines.filter((line) => line.includes("inner bug"))).toHaveLength(3)
      // The next request is answered as ever.
      expect((yield* send("/health/live")).status).toBe(200)
    }).pipe(Effect.provide(appWith(() => Effect.die(new Error("inner bug")), lines)))
  )
})
