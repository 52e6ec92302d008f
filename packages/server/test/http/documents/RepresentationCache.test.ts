import { Collector, Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { request } from "node:http"
import { appLayer, get, once, send, signedIn } from "../../app.ts"
import { type Answer, decoded } from "../../Client.ts"

/** So many images that all of them are more than is kept in one piece. */
const many = 45_000

const repositories = Effect.map(Images.layer("one", 1000), (blob) => blob).pipe(
  Effect.flatMap((blob) => Images.image({ layers: [blob] })),
  Effect.map((image) =>
    Array.from({ length: many }, (_, i) => ({
      name: Names.RepositoryName.make(`group${i % 7}/image-${i}`),
      tags: i < 100 ? [{ name: Names.TagName.make("latest"), image }] : []
    }))
  )
)

const app = Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories })))

const bytes = (path: string, headers: Record<string, string>) =>
  Effect.flatMap(signedIn, (bearer) => once(path, { headers: { ...bearer, ...headers } }))

layer(app, { excludeTestServices: true, timeout: 60_000 })("documents of a snapshot", (it) => {
  it.effect("F15 If-None-Match is 304 without a body, until there is a new snapshot", () =>
    Effect.gen(function* () {
      const path = "/images/group0%2Fimage-0"
      const first = yield* get(path)
      const { etag } = first.headers
      expect(etag).toMatch(/^"[\w-]+"$/)
      expect((yield* get(path)).headers.etag).toBe(etag)
      for (const known of [etag!, `W/${etag}`, `"other", ${etag}`, "*", etag!.replace(/"$/, '-br"')]) {
        const answer = yield* get(path, { "if-none-match": known })
        expect([answer.status, answer.body], known).toEqual([304, ""])
        expect(answer.headers["vary"]).toBe(first.headers["vary"])
        expect(answer.headers["content-length"]).toBeUndefined()
      }
      for (const unknown of ['"other"', "", etag!.replaceAll('"', "")]) {
        expect((yield* get(path, { "if-none-match": unknown })).status, unknown).toBe(200)
      }
      // A tag is of one document in one form.
      for (const other of [`${path}?links=true`, "/images/group1%2Fimage-1", "/images"]) {
        expect((yield* get(other, { "if-none-match": etag! })).status, other).toBe(200)
      }
      expect((yield* get(path, { "if-none-match": etag!, accept: "text/html" })).status).toBe(200)
      // Whoever has no token is told nothing of what there is.
      expect((yield* send(path, { headers: { "if-none-match": etag! } })).status).toBe(401)
      const collector = yield* Collector.Collector
      yield* Effect.sleep("5 millis")
      yield* collector.refresh
      const later = yield* get(path, { "if-none-match": etag! })
      expect(later.status).toBe(200)
      expect(later.headers.etag).not.toBe(etag)
    })
  )

  it.effect("large documents have an accepted coding, each with its own entity tag", () =>
    Effect.gen(function* () {
      const path = "/images?embed=1&page_size=1000"
      const plain = yield* bytes(path, {})
      const br = yield* bytes(path, { "accept-encoding": "gzip, deflate, br" })
      const gzip = yield* bytes(path, { "accept-encoding": "gzip" })
      const coding = ({ headers }: Answer) => headers["content-encoding"]
      expect([plain, br, gzip].map(coding)).toEqual([undefined, "br", "gzip"])
      for (const answer of [br, gzip]) expect(decoded(answer).equals(plain.bytes)).toBe(true)
      expect(new Set([plain, br, gzip].map(({ headers }) => headers.etag)).size).toBe(3)
      expect(br.bytes.length).toBeLessThan(plain.bytes.length / 4)
      expect(coding(yield* bytes(path, { "accept-encoding": "br;q=0, identity" }))).toBeUndefined()
      expect(coding(yield* bytes("/images/group0%2Fimage-0", { "accept-encoding": "br" }))).toBeUndefined()
    })
  )

  it.effect(
    "F11 a document of several megabytes is streamed, complete in each coding",
    () =>
      Effect.gen(function* () {
        const path = "/images?embed=true&links=true"
        const plain = yield* bytes(path, {})
        expect(plain.bytes.length).toBeGreaterThan(4 * 1024 * 1024)
        expect(plain.headers["content-length"]).toBeUndefined()
        const document = plain.json as { _embedded: { items: ReadonlyArray<unknown> } }
        expect(document._embedded.items.length).toBe(many)
        const gzip = yield* bytes(path, { "accept-encoding": "gzip" })
        expect(decoded(gzip).equals(plain.bytes)).toBe(true)
        expect(gzip.headers["content-length"]).toBe(String(gzip.bytes.length))
        const head = yield* send(path, { method: "HEAD", headers: yield* signedIn })
        expect([head.status, head.body, head.headers.etag]).toEqual([200, "", plain.headers.etag])
      }),
    // It renders and packs some 100 MB.
    120_000
  )

  it.effect("F23 a client that disconnects in the middle affects no other", () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const bearer = yield* signedIn
      for (let i = 0; i < 5; i++) {
        yield* Effect.callback<void>((resume) => {
          const sent = request(
            {
              port: (address as { port: number }).port,
              path: "/images?embed=true&links=true&x=1",
              headers: bearer,
              agent: false
            },
            (response) => response.once("data", () => sent.destroy())
          )
          sent.on("error", () => {})
          sent.on("close", () => resume(Effect.void))
          sent.end()
        })
      }
      expect((yield* send("/health/live")).status).toBe(200)
      expect((yield* bytes("/images?embed=true&links=true", {})).bytes.length).toBeGreaterThan(4 * 1024 * 1024)
    })
  )

  it.effect("an HTML page has the first thousand items", () =>
    Effect.gen(function* () {
      const { body } = yield* get("/images", { accept: "text/html" })
      expect(body.match(/<tr>/g)!.length).toBeLessThanOrEqual(1001)
      expect(body).toContain("44000 more")
    })
  )
})
