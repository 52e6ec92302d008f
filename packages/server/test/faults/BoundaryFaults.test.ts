/** Whatever bytes come in: there is an answer, and it is never a failure of the server. */
import { Names, SnapshotStore } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import * as fc from "fast-check"
import { appLayer, signedIn } from "../app.ts"
import { eventually, open } from "../process.ts"

const app = Layer.unwrap(
  Effect.gen(function* () {
    const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
    const names = ["group/app", "plain", "group/tags/inner", "a/b", "a/b/tags/c", "n".repeat(255)]
    const repositories = names.map((name) => ({
      name: Names.RepositoryName.make(name),
      tags: ["latest", "tags", "t".repeat(128)].map((tag) => ({ name: Names.TagName.make(tag), image }))
    }))
    return appLayer({ repositories }, { store: SnapshotStore.layerMemoryOf({ keep: Infinity }) })
  })
)

/** Sends a request of exactly these bytes, each character one byte, and returns the first line of the answer. */
const answerTo = (target: string, headers: ReadonlyArray<string>, method = "GET") =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const { port } = address as { readonly port: number }
    const raw = open(port)
    raw.socket.write(
      Buffer.from(
        `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers.join("\r\n")}\r\n\r\n`,
        "latin1"
      )
    )
    yield* eventually(() => raw.received().includes("\r\n\r\n") || raw.closed() !== undefined, 5000)
    raw.socket.destroy()
    return raw.received()
  })

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

/** Not the bytes that end a request line or a header; every other one. */
const bytes = fc
  .array(
    fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== 10 && byte !== 13 && byte !== 32),
    { maxLength: 60 }
  )
  .map((codes) => String.fromCharCode(...codes))

const word = fc.constantFrom(
  "images",
  "repositories",
  "tags",
  "blobs",
  "namespaces",
  "history",
  "growth",
  "status",
  "auth_token",
  "metrics",
  "health",
  "ui",
  "group",
  "app",
  "group%2Fapp",
  "latest",
  "n".repeat(255),
  "..",
  ".",
  "",
  "%2e%2e",
  "%00",
  "%",
  "%zz",
  "%C0%AF",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "%F0%9F%92%A9",
  "a".repeat(3000),
  "-1",
  "1e999",
  "NaN"
)

const path = fc.oneof(
  fc.array(fc.oneof(word, word, bytes), { minLength: 1, maxLength: 8 }).map((words) => `/${words.join("/")}`),
  bytes.map((text) => `/images/${text}`),
  fc.constantFrom(
    "/images",
    "/history",
    "/growth",
    "/images/plain/history",
    "/namespaces/group/growth",
    "/health/live",
    "*",
    "//",
    "/images//",
    "http://x/images",
    "http://[::1",
    "?",
    "#",
    "/images#x",
    "/./images"
  )
)

const key = fc.constantFrom(
  "embed",
  "links",
  "cursor",
  "limit",
  "at",
  "from",
  "to",
  "step",
  "by",
  "of",
  "sort",
  "order",
  "after",
  "tag",
  "q",
  "page",
  "a[]",
  ""
)
const value = fc.oneof(
  bytes,
  word,
  fc.constantFrom(
    "0",
    "7d",
    "999999999999d",
    "1s",
    "2026-01-31",
    "2026-01-31T00:00:00Z",
    "8640000000001",
    "99999999999"
  ),
  fc.integer().map(String),
  fc.double().map(String),
  fc.json({ maxDepth: 2 }).map(encodeURIComponent)
)
const query = fc
  .array(fc.tuple(key, value), { maxLength: 5 })
  .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([key, value]) => `${key}=${value}`).join("&")}`))

const header = fc
  .tuple(
    fc.constantFrom(
      "Accept",
      "Accept-Encoding",
      "If-None-Match",
      "If-Modified-Since",
      "Range",
      "Origin",
      "Cookie",
      "X-Forwarded-For",
      "X-Forwarded-Proto",
      "X-Request-Id",
      "Content-Type",
      "Accept-Language",
      "traceparent"
    ),
    fc.oneof(
      bytes,
      fc.constantFrom(
        "*/*;q=0",
        "text/html;q=2",
        ",,,",
        "W/",
        '"',
        '*, "x"',
        "gzip;q=0, *;q=0",
        "bytes=0-",
        "a".repeat(4000)
      )
    )
  )
  .map(([name, value]) => `${name}: ${value}`)

const settled = { numRuns: 400, endOnFailure: true }

layer(app, { excludeTestServices: true, timeout: 60_000 })("the boundary (properties)", (it) => {
  it.effect(
    "F05 F06 F10 no path or query causes 5xx or a defect",
    () =>
      Effect.gen(function* () {
        const context = yield* Effect.context<HttpServer.HttpServer>()
        const { authorization } = yield* signedIn
        const seen = new Set<number>()
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(path, query, fc.boolean(), async (path, query, signed) => {
              const headers = signed ? [`Authorization: ${authorization}`] : []
              const answer = await Effect.runPromise(Effect.provide(answerTo(path + query, headers), context))
              const status = statusOf(answer)
              seen.add(status)
              expect(status, answer.slice(0, 500)).toBeGreaterThanOrEqual(200)
              expect(status, answer.slice(0, 500)).toBeLessThan(500)
              // Nothing behind the credentials without them.
              if (!signed) expect(answer).not.toMatch(/"disk_size"/)
            }),
            settled
          )
        )
        // The properties reach what they are about.
        for (const status of [200, 400, 401, 404]) expect([...seen]).toContain(status)
      }),
    120_000
  )

  it.effect(
    "F10 F14 F17 no headers and no method cause 5xx",
    () =>
      Effect.gen(function* () {
        const context = yield* Effect.context<HttpServer.HttpServer>()
        const { authorization } = yield* signedIn
        const credentials = fc.oneof(
          fc.constant(authorization),
          bytes.map((text) => `Bearer ${text}`),
          bytes,
          bytes.map((text) => `Basic ${Buffer.from(text, "latin1").toString("base64")}`),
          bytes.map((text) => `${authorization}${text}`)
        )
        const method = fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND")
        const target = fc.constantFrom("/images", "/images/plain?embed=true", "/auth_token", "/status", "/health/ready")
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(
              target,
              method,
              credentials,
              fc.array(header, { maxLength: 4 }),
              async (target, method, credentials, headers) => {
                const all = [`Authorization: ${credentials}`, ...headers]
                const answer = await Effect.runPromise(Effect.provide(answerTo(target, all, method), context))
                const status = statusOf(answer)
                expect(status, answer.slice(0, 500)).toBeGreaterThanOrEqual(200)
                expect(status, answer.slice(0, 500)).toBeLessThan(500)
              }
            ),
            settled
          )
        )
      }),
    120_000
  )
})
