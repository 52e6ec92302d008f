import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Nginx, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer } from "effect"
import { NodeServices } from "@effect/platform-node"
import { HttpServer } from "effect/http"
import { request } from "node:http"
import { gunzipSync } from "node:zlib"
import { appLayer, basic, signedIn } from "../../app.ts"

/** The port of nginx. */
class Proxy extends Context.Service<Proxy, number>()("Proxy") {}

const repositories = Effect.map(
  Effect.flatMap(Images.layer("one", 1000), (blob) => Images.image({ layers: [blob] })),
  (image) =>
    ["group/app", "group/tags/inner", ...Array.from({ length: 200 }, (_, i) => `group/sub/image-${i}`)].map((name) => ({
      name: Names.RepositoryName.make(name),
      tags: [{ name: Names.TagName.make("1.0"), image }]
    }))
)

/** The example that is shipped, with the address of this server in it. */
const example = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(
    new URL("../../../../../deploy/nginx/registry-usage.conf", import.meta.url).pathname
  )
  const { address } = yield* HttpServer.HttpServer
  return text.replaceAll("127.0.0.1:5000", `127.0.0.1:${(address as { port: number }).port}`)
}).pipe(Effect.provide(NodeServices.layer))

const app = Layer.effect(Proxy, Effect.flatMap(example, Nginx.start)).pipe(
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(repositories, (repositories) =>
        appLayer({ repositories }, { prefix: "/registry-usage", limiter: { perAddress: 3 } })
      )
    )
  )
)

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | undefined>
  readonly body: Buffer
}

const through = Effect.fnUntraced(function* (path: string, headers: Record<string, string> = {}) {
  const port = yield* Proxy
  return yield* Effect.callback<Answer>((resume) => {
    request({ port, path, headers, agent: false }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () =>
        resume(
          Effect.succeed({
            status: response.statusCode!,
            headers: response.headers as Record<string, string>,
            body: Buffer.concat(parts)
          })
        )
      )
    }).end()
  })
})

describe.skipIf(Servers.leftOut("nginx"))("nginx", () => {
  layer(app, { excludeTestServices: true, timeout: 30_000 })("behind nginx, as the example has it", (it) => {
    it.effect("F01 F03 names with %2F arrive unchanged", () =>
      Effect.gen(function* () {
        const bearer = yield* signedIn
        for (const [path, name] of [
          ["group%2Fapp", "group/app"],
          ["group%2fapp", "group/app"],
          ["group%2Ftags%2Finner/tags/1.0", "1.0"],
          ["group/app", "group/app"]
        ]) {
          const answer = yield* through(`/registry-usage/images/${path}`, bearer)
          expect([answer.status, JSON.parse(answer.body.toString()).name], path).toEqual([200, name])
        }
        expect((yield* through("/registry-usage/images/group%252Fapp", bearer)).status).toBe(404)
        expect((yield* through("/registry-usage/images/%zz", bearer)).status).toBe(400)
      })
    )

    it.effect("F25 every link has the prefix and can be followed through the proxy", () =>
      Effect.gen(function* () {
        const bearer = yield* signedIn
        const { body } = yield* through("/registry-usage/images?links=true&embed=true&page_size=5", bearer)
        const hrefs = Array.from(body.toString().matchAll(/"href":"([^"]*)"/g), ([, href]) => href!)
        expect(hrefs.length).toBeGreaterThan(20)
        for (const href of new Set(hrefs)) {
          expect(href).toMatch(/^\/registry-usage\//)
          expect((yield* through(href, bearer)).status, href).toBe(200)
        }
      })
    )

    it.effect("responses are compressed and revalidated", () =>
      Effect.gen(function* () {
        const bearer = yield* signedIn
        const path = "/registry-usage/images?embed=true"
        const plain = yield* through(path, bearer)
        const gzip = yield* through(path, { ...bearer, "accept-encoding": "gzip" })
        expect(gzip.headers["content-encoding"]).toBe("gzip")
        expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
        const again = yield* through(path, {
          ...bearer,
          "accept-encoding": "gzip",
          "if-none-match": gzip.headers["etag"]!
        })
        expect([again.status, again.body.length]).toEqual([304, 0])
      })
    )

    it.effect("wrong passwords count for the address of the client, which it cannot forge", () =>
      Effect.gen(function* () {
        const tried = (forwarded: string) =>
          Effect.map(
            through("/registry-usage/auth_token", { ...basic(`user ${forwarded}`, "x"), "x-forwarded-for": forwarded }),
            ({ status }) => status
          )
        const statuses = yield* Effect.forEach(["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], tried)
        // All from this machine, as nginx sees it.
        expect(statuses).toEqual([401, 401, 401, 429])
      })
    )

    it.effect("paths outside of the prefix are 404", () =>
      Effect.gen(function* () {
        const bearer = yield* signedIn
        expect((yield* through("/images", bearer)).status).toBe(404)
        expect((yield* through("/registry-usage/health/live")).status).toBe(200)
      })
    )
  })
})
