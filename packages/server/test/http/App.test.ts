import { Authentication, Collector, type Registry, SnapshotStore } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Layer, References } from "effect"
import { appLayer, basic, get, send, httpLayer, signedIn, tokens } from "../app.ts"
import { isProblem, raw } from "./response.ts"
import { app, long, longTag, repositories } from "./oddNames.ts"

const nameAt = (path: string) => Effect.map(get(path), ({ json, status }) => [status, (json as { name?: string }).name])

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
      expect((ambiguous.json as { detail: string }).detail).toContain(
        "with %2F: /images/a%2Fb%2Ftags%2Fc or /images/a%2Fb/tags/c"
      )
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
