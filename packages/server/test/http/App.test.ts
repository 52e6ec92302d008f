import { Authentication, Collector, Names, type Registry, SnapshotStore } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Layer, References } from "effect"
import { HttpServer } from "effect/http"
import { createConnection } from "node:net"
import { appLayer, basic, get, send, httpLayer, signedIn, tokens } from "../app.ts"

const long = `group/${"x".repeat(200)}/${"y".repeat(40)}`
const longTag = "t".repeat(128)

const repositories = Effect.gen(function* () {
  const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
  const repository = (name: string, ...tags: ReadonlyArray<string>): Images.Repository => ({
    name: Names.RepositoryName.make(name),
    tags: tags.map((tag) => ({ name: Names.TagName.make(tag), image }))
  })
  return [
    repository("group/app", "1.0", "latest"),
    repository("plain", "latest"),
    repository("group/tags/inner", "tags"),
    repository("foo/tags", "tags"),
    repository("foo", "bar"),
    repository("a/b", "c"),
    repository("a/b/tags/c", "x"),
    repository(long, longTag),
    repository("empty")
  ]
})

const app = Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories })))

const nameAt = (path: string) => Effect.map(get(path), ({ json, status }) => [status, (json as { name?: string }).name])
const isProblem = (answer: { headers: Record<string, unknown>; json: unknown; status: number }) => {
  expect(answer.headers["content-type"]).toBe("application/problem+json")
  expect(answer.json).toMatchObject({ type: "about:blank", status: answer.status })
  expect((answer.json as { detail: string }).detail.length).toBeGreaterThan(10)
}

layer(app, { excludeTestServices: true })("paths", (it) => {
  it.effect("F01 %2F and %2f name the same image, whose self link has one form", () =>
    Effect.gen(function* () {
      for (const slash of ["%2F", "%2f"]) {
        const { json, status } = yield* get(`/images/group${slash}app?links=true`)
        expect(status).toBe(200)
        expect(json).toMatchObject({ name: "group/app", _links: { self: { href: "/images/group%2Fapp" } } })
      }
    })
  )

  it.effect("F02 plain slashes lead to the same resource, and never to another one", () =>
    Effect.gen(function* () {
      expect(yield* nameAt("/images/group/app")).toEqual([200, "group/app"])
      expect(yield* nameAt("/images/group/app/tags/latest")).toEqual([200, "latest"])
      const { json } = yield* get("/images/group/app/tags/latest?links=true")
      expect(json).toMatchObject({ _links: { self: { href: "/images/group%2Fapp/tags/latest" } } })
      // The tag `c` of `a/b`, or the image `a/b/tags/c`: written so, it could be both.
      const ambiguous = yield* get("/images/a/b/tags/c")
      expect(ambiguous.status).toBe(404)
      expect((ambiguous.json as { detail: string }).detail).toContain("%2F")
      expect(yield* nameAt("/images/a%2Fb/tags/c")).toEqual([200, "c"])
      expect(yield* nameAt("/images/a%2Fb%2Ftags%2Fc")).toEqual([200, "a/b/tags/c"])
    })
  )

  it.effect("F03 images with `tags` in their path are not taken for something else", () =>
    Effect.gen(function* () {
      expect(yield* nameAt("/images/group%2Ftags%2Finner")).toEqual([200, "group/tags/inner"])
      expect(yield* nameAt("/images/group%2Ftags%2Finner/tags/tags")).toEqual([200, "tags"])
      expect(yield* nameAt("/images/foo%2Ftags")).toEqual([200, "foo/tags"])
      expect(yield* nameAt("/images/foo%2Ftags/tags/tags")).toEqual([200, "tags"])
      // The canonical form of the tags of `foo`, although an image `foo/tags` exists.
      const { json } = yield* get("/images/foo/tags?embed=1")
      expect(json).toMatchObject({ _embedded: { items: [{ name: "bar" }] } })
    })
  )

  it.effect("F04 a segment is decoded once", () =>
    Effect.map(get("/images/group%252Fapp"), (answer) => {
      expect(answer.status).toBe(404)
      isProblem(answer)
    })
  )

  it.effect("F05 an invalid percent-encoding is 400 with the reason", () =>
    Effect.gen(function* () {
      for (const bad of ["%", "%zz", "a%2", "%C0%AF", "%E0%80%AF", "%ED%A0%80", "%F8%88%80%80%80"]) {
        const answer = yield* get(`/images/${bad}`)
        expect(answer.status, bad).toBe(400)
        isProblem(answer)
      }
    })
  )

  it.effect("F06 control characters and dots name no resource", () =>
    Effect.gen(function* () {
      for (const bad of ["%00", "a%0d%0aSet-Cookie:x", "..", "../auth_token", "%2e%2e", "a/../b", ".", "%7f"]) {
        const answer = yield* get(`/images/${bad}`)
        expect([400, 404], bad).toContain(answer.status)
        isProblem(answer)
      }
    })
  )

  it.effect("F07 the longest names are found", () =>
    Effect.gen(function* () {
      expect(yield* nameAt(`/images/${encodeURIComponent(long)}`)).toEqual([200, long])
      expect(yield* nameAt(`/images/${encodeURIComponent(long)}/tags/${longTag}`)).toEqual([200, longTag])
    })
  )

  it.effect("F08 a path or header that is too long is refused, and the process continues", () =>
    Effect.gen(function* () {
      const answer = yield* send(`/images/${"a".repeat(20_000)}`)
      expect([414, 431]).toContain(answer.status)
      const header = yield* send("/images", { headers: { "x-long": "a".repeat(20_000) } })
      expect(header.status).toBe(431)
      expect((yield* send("/health/live")).status).toBe(200)
    })
  )

  it.effect("F09 another method is 405 with Allow, HEAD is GET without a body, OPTIONS is defined", () =>
    Effect.gen(function* () {
      const headers = yield* signedIn
      for (const path of ["/images", "/images/plain", "/images/plain/tags/latest", "/auth_token", "/health/live"]) {
        for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
          const answer = yield* send(path, { method, headers })
          expect(answer.status, `${method} ${path}`).toBe(405)
          expect(answer.headers["allow"]).toBe("GET, HEAD, OPTIONS")
          isProblem(answer)
        }
        expect((yield* send(path, { method: "OPTIONS" })).status).toBe(204)
      }
      const [got, head] = [yield* get("/images/plain"), yield* send("/images/plain", { method: "HEAD", headers })]
      expect([head.status, head.body]).toEqual([200, ""])
      for (const name of ["content-type", "content-length", "vary", "cache-control"]) {
        expect(head.headers[name], name).toBe(got.headers[name])
      }
    })
  )

  it.effect("F10 malformed parameters are 400 with what they take", () =>
    Effect.gen(function* () {
      for (const bad of [
        "embed=-1",
        "embed=1.5",
        "embed=abc",
        "embed=1e3",
        "embed=1&embed=1",
        "links=maybe",
        "links=1&links=0"
      ]) {
        const answer = yield* get(`/images?${bad}`)
        expect(answer.status, bad).toBe(400)
        isProblem(answer)
      }
    })
  )

  it.effect("the links of both collections of images stay within their own path", () =>
    Effect.gen(function* () {
      const { json } = yield* get("/repositories?embed=true&links=true")
      expect(JSON.stringify(json)).not.toContain("/images")
      expect(json).toMatchObject({ _links: { self: { href: "/repositories" } } })
    })
  )

  it.effect("F20 an image without tags has an empty list", () =>
    Effect.map(get("/images/empty?embed=true"), ({ json }) =>
      expect(json).toEqual({
        name: "empty",
        size: 0,
        disk_size: 0,
        unique_size: 0,
        tags: 0,
        _embedded: { related: { _embedded: { items: [] } } }
      })
    )
  )

  it.effect("F24 a body on GET is refused", () =>
    Effect.gen(function* () {
      const answer = yield* send("/images", { headers: { "content-length": "2" }, body: "{}" })
      expect(answer.status).toBe(400)
      isProblem(answer)
      const both = "GET /images HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
      expect(yield* raw(both)).toMatch(/^HTTP\/1\.1 400/)
    })
  )

  it.effect("F25 a Host or X-Forwarded header changes no link", () =>
    Effect.gen(function* () {
      const { body } = yield* get("/images?links=true", {
        host: "evil.example",
        "x-forwarded-prefix": "/evil",
        "x-forwarded-host": "evil.example"
      })
      expect(body).not.toContain("evil")
    })
  )
})

layer(app, { excludeTestServices: true })("media types", (it) => {
  it.effect("F14 a malformed or unknown Accept gives HAL, an explicit mismatch is 406", () =>
    Effect.gen(function* () {
      const typeFor = (accept: string) =>
        Effect.map(get("/images/plain", { accept }), ({ headers, status }) => [status, headers["content-type"]])
      const hal = [200, "application/hal+json"]
      const html = [200, "text/html; charset=utf-8"]
      for (const accept of [
        "undefined",
        "",
        "garbage",
        "*/*",
        "application/json",
        "application/hal+json",
        "application/*"
      ]) {
        expect(yield* typeFor(accept), accept).toEqual(hal)
      }
      expect(yield* typeFor("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")).toEqual(html)
      expect(yield* typeFor("text/html")).toEqual(html)
      expect(yield* typeFor("application/hal+json, text/html;q=0.5")).toEqual(hal)
      expect((yield* typeFor("image/png"))[0]).toBe(406)
      expect((yield* typeFor("application/xml"))[0]).toBe(406)
      expect((yield* get("/images/plain")).headers["vary"]).toContain("Accept")
    })
  )

  it.effect("the HTML page is linked, escaped, and loads nothing", () =>
    Effect.gen(function* () {
      const { body, headers } = yield* get("/images", { accept: "text/html" })
      expect(body).toContain('<a href="/images/group%2Fapp">group/app</a>')
      expect(body).not.toMatch(/<script|src=/)
      expect(headers["content-security-policy"]).toContain("default-src 'none'")
    })
  )
})

/** The headers of an answer without those that no two answers share. */
const common = (headers: Record<string, unknown>) => ({ ...headers, date: "", "x-request-id": "" })

layer(app, { excludeTestServices: true })("authentication", (it) => {
  it.effect("F16 without a token there is a challenge", () =>
    Effect.gen(function* () {
      const answer = yield* send("/images")
      expect(answer.status).toBe(401)
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm=/)
      isProblem(answer)
    })
  )

  it.effect("F17 odd Authorization headers are refused or understood, never a failure", () =>
    Effect.gen(function* () {
      const { authorization } = yield* signedIn
      const token = authorization.slice("Bearer ".length)
      const statusOf = (authorization: string | Array<string>) =>
        Effect.map(send("/images", { headers: { authorization } }), ({ status }) => status)
      expect(yield* statusOf(`bearer ${token}`)).toBe(200)
      expect(yield* statusOf(`BEARER   ${token}  `)).toBe(200)
      for (const bad of [
        "Bearer",
        "Bearer ",
        `Bearer ${token} ${token}`,
        `Bearer ${token},${token}`,
        "Basic xx",
        "=",
        `Token ${token}`
      ]) {
        expect(yield* statusOf(bad), bad).toBe(401)
      }
      const two = yield* raw(
        `GET /images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer x\r\nAuthorization: ${authorization}\r\n\r\n`
      )
      expect(two).toMatch(/^HTTP\/1\.1 401/)
    })
  )

  it.effect("F18 without a token, an existing image and an unknown one give the same response", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* send("/images/plain"), yield* send("/images/nothing")]
      expect([one.status, one.body]).toEqual([other.status, other.body])
      expect(common(one.headers)).toEqual(common(other.headers))
    })
  )

  it.effect("F29 health reveals nothing and gives no access", () =>
    Effect.gen(function* () {
      expect((yield* send("/health/live")).json).toEqual({ status: "live" })
      for (const path of [
        "/health/../images",
        "/health/live/../../images",
        "/health%2F..%2Fimages",
        "/health",
        "/health/images"
      ]) {
        expect((yield* send(path)).status, path).toBe(404)
      }
    })
  )

  it.effect("F30 F31 F35 the response to wrong credentials is always the same", () =>
    Effect.gen(function* () {
      const answers = yield* Effect.forEach(
        [
          basic("alice", "wrong"),
          basic("nobody", "alice-secret"),
          basic("mallory", "mallory-secret"),
          basic("alice", ""),
          basic("alice", "   "),
          basic("", "x"),
          basic("a".repeat(300), "x"),
          basic("alic*", "alice-secret"),
          { authorization: "Basic !!!" },
          { authorization: `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x61]).toString("base64")}` },
          { authorization: `Basic ${Buffer.from("no colon").toString("base64")}` },
          { authorization: "Basic" },
          {}
        ] as ReadonlyArray<Record<string, string>>,
        (headers) => send("/auth_token", { headers })
      )
      for (const { body, headers, status } of answers) {
        expect(status).toBe(401)
        expect(body).toBe(answers[0]!.body)
        expect(common(headers)).toEqual(common(answers[0]!.headers))
      }
      const good = yield* send("/auth_token", { headers: basic("zoe", "zoë-pass:word") })
      expect(good.status).toBe(200)
      expect(good.headers["cache-control"]).toBe("no-store")
      expect((good.json as { auth_token: string }).auth_token).not.toContain(";")
    })
  )
})

layer(app, { excludeTestServices: true })("the web client of the original", (it) => {
  it.effect("a preflight for the authorization header needs no token", () =>
    Effect.gen(function* () {
      for (const path of ["/auth_token", "/repositories?embed=true", "/images?embed=true"]) {
        const { headers, status } = yield* send(path, {
          method: "OPTIONS",
          headers: {
            origin: "https://front.example",
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization"
          }
        })
        expect(status).toBe(204)
        expect(headers["access-control-allow-origin"]).toBe("*")
        expect(String(headers["access-control-allow-headers"]).toLowerCase()).toContain("authorization")
        expect(headers["access-control-allow-methods"]).toContain("GET")
      }
    })
  )

  it.effect("the response to its request has the fields that it reads", () =>
    Effect.gen(function* () {
      for (const path of ["/images", "/repositories"]) {
        const answer = yield* get(`${path}?embed=true`, { accept: "undefined", origin: "https://front.example" })
        expect(answer.headers["access-control-allow-origin"]).toBe("*")
        const document = answer.json as {
          timestamp: number
          _embedded: {
            items: ReadonlyArray<{ size: number | null; disk_size: number | null; _embedded?: { related?: unknown } }>
          }
        }
        expect(typeof document.timestamp).toBe("number")
        expect(document._embedded.items.length).toBeGreaterThan(1)
        for (const item of document._embedded.items) {
          expect(item.disk_size === null).toBe(item.size === null)
          expect(item._embedded?.related === undefined).toBe(item.size === null)
        }
      }
    })
  )

  it.effect("a wrong password is 401 with CORS headers, so that the page can read it", () =>
    Effect.map(
      send("/auth_token", { headers: { ...basic("alice", "no"), origin: "https://front.example" } }),
      ({ headers, status }) => {
        expect(status).toBe(401)
        expect(headers["access-control-allow-origin"]).toBe("*")
      }
    )
  )
})

layer(appLayer({ repositories: [] }), { excludeTestServices: true })("an empty registry", (it) => {
  it.effect("F20 has an empty list of images", () =>
    Effect.gen(function* () {
      const { json } = yield* get("/images?embed=true&links=true")
      expect(json).toEqual({
        timestamp: expect.any(Number),
        duration: expect.any(Number),
        size: 0,
        disk_size: 0,
        unique_size: 0,
        images: 0,
        tags: 0,
        gaps: 0,
        accounting: "all",
        _links: { self: { href: "/images" } },
        _embedded: { items: [] }
      })
    })
  )
})

layer(Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, { prefix: "/registry" }))), {
  excludeTestServices: true
})("a prefix", (it) => {
  it.effect("F25 begins every link, whether the proxy removed it or not", () =>
    Effect.gen(function* () {
      for (const path of ["/images", "/registry/images"]) {
        const { body, json } = yield* get(`${path}?links=true&embed=true`)
        expect(json).toMatchObject({ _links: { self: { href: "/registry/images" } } })
        for (const [, href] of body.matchAll(/"href":"([^"]*)"/g))
          expect(href).toMatch(/^\/registry\/(?:images|namespaces)/)
      }
      expect((yield* get("/registryimages")).status).toBe(404)
    })
  )
})

describe("before the first snapshot, and after a defect", () => {
  const broken = (operation: Effect.Effect<void, Registry.RegistryReason>) =>
    appLayer({ repositories: [], before: () => operation })

  it.live("F27 reading and readiness are 503 with Retry-After, liveness is 200", () =>
    Effect.gen(function* () {
      const { json } = yield* send("/auth_token", { headers: basic("alice", "alice-secret") })
      const headers = { authorization: `Bearer ${(json as { auth_token: string }).auth_token}` }
      for (const path of ["/images", "/images/x", "/health/ready"]) {
        const answer = yield* send(path, { headers })
        expect(answer.status, path).toBe(503)
        expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0)
        isProblem(answer)
      }
      expect((yield* send("/health/live")).status).toBe(200)
    }).pipe(Effect.provide(broken(Effect.never)))
  )

  it.live("F28 a defect is 500 without a stack", () =>
    Effect.gen(function* () {
      const answer = yield* send("/auth_token", { headers: basic("alice", "alice-secret") })
      expect(answer.status).toBe(500)
      isProblem(answer)
      expect(answer.body).not.toMatch(/secret bug|\.ts|at /)
    }).pipe(
      Effect.provide(
        httpLayer().pipe(
          Layer.provideMerge(Collector.layer()),
          Layer.provide([SnapshotStore.layerMemory, RegistryMemory.layer({ repositories: [] })]),
          Layer.provide(tokens),
          Layer.provide(Layer.succeed(Authentication.Directory, { verify: () => Effect.die(new Error("secret bug")) })),
          Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
        )
      )
    )
  )
})

/** Sends these bytes and reads the answer to its end. */
const raw = (request: string) =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const port = (address as { port: number }).port
    return yield* Effect.callback<string, Error>((resume) => {
      const socket = createConnection(port, "127.0.0.1", () => socket.end(request))
      let text = ""
      socket.on("data", (chunk) => (text += chunk))
      socket.on("close", () => resume(Effect.succeed(text)))
      socket.on("error", (error) => resume(Effect.fail(error)))
    })
  })
