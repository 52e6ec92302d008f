import { assert, describe, it } from "@effect/vitest"
import { Registry } from "@gitlab-registry-usage/core"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Redacted, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import type { RegistryHttp } from "../../src/index.ts"
import { logged, many, numbered, overDemo } from "../demo.ts"
import { json, listen, overUndici, registryAt } from "../servers.ts"

const group: RegistryHttp.Options["scope"] = { kind: "group", path: "acme" }
const secret = "glpat-canary"

const repositories = Effect.flatMap(Registry.Registry, (registry) => Stream.runCollect(registry.repositories))

/** A GitLab that does what the handler says, and a registry that is never asked. */
const gitlab = (handler: Parameters<typeof listen>[0], options: Partial<RegistryHttp.Options> = {}) =>
  Effect.gen(function* () {
    const server = yield* listen(handler)
    const registry = yield* registryAt(new URL("http://127.0.0.1:1"), {
      gitlabUrl: server.url,
      credentials: { username: "reader", token: Redacted.make(secret) },
      scope: group,
      ...options
    })
    return { ...server, list: Stream.runCollect(registry.repositories) }
  })

const reason = <A, R>(effect: Effect.Effect<A, Registry.RegistryError, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error.operation, "repositories")
    assert.notInclude(JSON.stringify(error), secret)
    return error.reason
  })

describe("GitLabApi", () => {
  const names = [...numbered("acme/shop/", 150), ...numbered("acme/tools/", 100), "other/team/app"]

  for (const [what, api] of [
    ["offset", { paging: "offset" }],
    ["offset without totals", { paging: "offset", totals: false }],
    ["keyset", { paging: "keyset" }]
  ] as const) {
    it.live(`F87 a group is listed to its end in pages by ${what}`, () =>
      Effect.gen(function* () {
        const { requestCounts } = yield* DemoRegistry.DemoRegistry
        assert.deepStrictEqual([...(yield* repositories)].sort(), names.slice(0, 250))
        assert.deepStrictEqual(yield* requestCounts, { "GET api": 3 })
      }).pipe(Effect.provide(overDemo(many(names), { api }, { scope: group })))
    )
  }

  it.live("F87 pages whose Link a proxy dropped are followed by their number", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind }) => kind === "api",
        answer: Effect.map((response) => HttpServerResponse.removeHeader(response, "link"))
      })
      assert.lengthOf(yield* repositories, 250)
    }).pipe(Effect.scoped, Effect.provide(overDemo(many(names), {}, { scope: group })))
  )

  it.live("a project has its own repositories only, by path or number; a group those of its subgroups", () =>
    Effect.gen(function* () {
      const { credentials, url } = yield* DemoRegistry.DemoRegistry
      const list = (scope: RegistryHttp.Options["scope"]) =>
        Effect.gen(function* () {
          const registry = yield* registryAt(new URL(url), {
            gitlabUrl: new URL(url),
            credentials: { username: credentials.username, token: credentials.password },
            scope
          })
          return (yield* Stream.runCollect(registry.repositories)).map((name): string => name)
        }).pipe(overUndici)
      assert.deepStrictEqual(yield* list({ kind: "project", path: "acme/shop" }), ["acme/shop/api", "acme/shop/web"])
      assert.deepStrictEqual(yield* list(group), ["acme/shop/api", "acme/shop/web", "acme/tools"])
      assert.deepStrictEqual(yield* list({ kind: "project", path: "1" }), ["acme/shop/api", "acme/shop/web"])
      assert.deepStrictEqual(yield* list({ kind: "group", path: "1" }), yield* list(group))
    }).pipe(Effect.provide(overDemo(many(["acme/shop/api", "acme/shop/web", "acme/tools", "other/team/app"]))))
  )

  it.live("F90 the token goes in its header to the configured origin, and into no URL, log or error", () =>
    Effect.gen(function* () {
      for (const [credentials, header, scope] of [
        [{ username: "reader", token: Redacted.make(secret) }, "private-token", group],
        [
          { username: "gitlab-ci-token", token: Redacted.make(secret) },
          "job-token",
          { kind: "project", path: "acme/shop" }
        ]
      ] as const) {
        const { messages } = yield* logged(
          Effect.gen(function* () {
            const { asked, list } = yield* gitlab(
              (_, response) => json(response, [{ path: "acme/shop/api" }, { path: "../x" }]),
              { credentials, scope }
            )
            assert.lengthOf(yield* list, 2)
            assert.deepStrictEqual(
              asked.map(({ path }) => path),
              [
                header === "job-token"
                  ? "/api/v4/projects/acme%2Fshop/registry/repositories?per_page=100"
                  : "/api/v4/groups/acme/registry/repositories?per_page=100"
              ]
            )
            const { headers } = asked[0]!
            assert.strictEqual(headers[header], secret)
            assert.deepStrictEqual(
              ["authorization", "private-token", "job-token"].filter((name) => headers[name] !== undefined),
              [header]
            )
          })
        )
        assert.deepStrictEqual(messages, [])
      }
    }).pipe(overUndici)
  )

  it.live("a token for the API alone takes the place of the credentials' one", () =>
    Effect.gen(function* () {
      const { asked, list } = yield* gitlab((_, response) => json(response, []), {
        apiToken: Redacted.make("glpat-api"),
        credentials: { username: "gitlab-ci-token", token: Redacted.make(secret) }
      })
      assert.lengthOf(yield* list, 0)
      assert.strictEqual(asked[0]!.headers["private-token"], "glpat-api")
    }).pipe(overUndici)
  )

  it.live("GitLab may have a path of its own", () =>
    Effect.gen(function* () {
      const server = yield* listen((_, response) => json(response, []))
      const registry = yield* registryAt(server.url, { gitlabUrl: new URL("/gitlab/", server.url), scope: group })
      yield* Stream.runCollect(registry.repositories)
      assert.strictEqual(server.asked[0]!.path, "/gitlab/api/v4/groups/acme/registry/repositories?per_page=100")
    }).pipe(overUndici)
  )

  it.live("F87 F90 a next page on another origin gets no request and no token", () =>
    Effect.gen(function* () {
      const evil = yield* listen((_, response) => json(response, []))
      const { list } = yield* gitlab((_, response) =>
        json(response, [{ path: "acme/app" }], { link: `<${evil.url.href}api/v4/groups/acme?page=2>; rel="next"` })
      )
      assert.strictEqual((yield* reason(list))._tag, "Unsafe")
      assert.lengthOf(evil.asked, 0)
    }).pipe(overUndici)
  )

  it.live("F90 a GitLab that is not reached over https gets no request", () =>
    Effect.gen(function* () {
      const { list } = yield* gitlab(() => undefined, { gitlabUrl: new URL("http://gitlab.example.com") })
      assert.strictEqual((yield* reason(list))._tag, "Unsafe")
    }).pipe(overUndici)
  )

  it.live("F89 a page to sign in and a redirect to it are errors that say so", () =>
    Effect.gen(function* () {
      const page = yield* gitlab((_, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>")
      )
      const found = yield* reason(page.list)
      assert.strictEqual(found._tag, "Malformed")
      assert.include(found.detail, "sign in")
      const redirect = yield* gitlab((_, response) =>
        response.writeHead(302, { location: "/users/sign_in?secret=1" }).end()
      )
      const moved = yield* reason(redirect.list)
      assert.strictEqual(moved._tag, "Malformed")
      assert.include(moved.detail, "/users/sign_in,")
      assert.lengthOf(redirect.asked, 1)
    }).pipe(overUndici)
  )

  it.live("F74 a list of another shape is malformed", () =>
    Effect.gen(function* () {
      for (const body of ["{}", "[1]", '[{"name":"x"}]', "[", "null"]) {
        const { list } = yield* gitlab((_, response) =>
          response.writeHead(200, { "content-type": "application/json" }).end(body)
        )
        assert.strictEqual((yield* reason(list))._tag, "Malformed", body)
      }
    }).pipe(overUndici)
  )

  it.live("a refusal of GitLab has its reason", () =>
    Effect.gen(function* () {
      for (const [status, tag] of [
        [403, "Denied"],
        [404, "NotFound"],
        [405, "Unsupported"],
        [500, "ServerError"],
        [502, "Unreachable"]
      ] as const) {
        const { list } = yield* gitlab((_, response) =>
          response.writeHead(status, { "content-type": "application/json" }).end(`{"message":"${secret}"}`)
        )
        assert.strictEqual((yield* reason(list))._tag, tag)
      }
    }).pipe(overUndici)
  )

  it.effect("F86 a token that was revoked is not tried again for five minutes", () =>
    Effect.gen(function* () {
      const { asked, list } = yield* gitlab((_, response) => response.writeHead(401).end("{}"))
      for (let i = 0; i < 5; i++) assert.strictEqual((yield* reason(list))._tag, "Unauthorized")
      assert.lengthOf(asked, 1)
      yield* TestClock.adjust("5 minutes")
      yield* reason(list)
      assert.lengthOf(asked, 2)
    }).pipe(overUndici)
  )

  it.live("what is no path of GitLab's gets into no URL", () =>
    Effect.gen(function* () {
      for (const path of ["..", "acme/../../x", "a//b", "", "acme/", "a?b", "a#b", "a b", "."]) {
        const { asked, list } = yield* gitlab((_, response) => json(response, []), { scope: { kind: "group", path } })
        assert.strictEqual((yield* reason(list))._tag, "NotFound", path)
        assert.lengthOf(asked, 0)
      }
    }).pipe(overUndici)
  )

  it.live("the token of a job is sent for no group", () =>
    Effect.gen(function* () {
      const { asked, list } = yield* gitlab((_, response) => json(response, []), {
        credentials: { username: "gitlab-ci-token", token: Redacted.make(secret) }
      })
      assert.strictEqual((yield* reason(list))._tag, "Unsupported")
      assert.lengthOf(asked, 0)
    }).pipe(overUndici)
  )

  it.live("F77 a plain Retry later without any header is waited out", () =>
    Effect.gen(function* () {
      let count = 0
      const { asked, list } = yield* gitlab(
        (_, response) =>
          ++count <= 2
            ? response.writeHead(429, { "content-type": "text/plain" }).end("Retry later\n")
            : json(response, [{ path: "acme/app" }]),
        { retries: 3 }
      )
      assert.lengthOf(yield* list, 1)
      assert.lengthOf(asked, 3)
    }).pipe(overUndici)
  )

  it.live("F77 when no requests are left, the next page is asked for after the reset, so that none is refused", () =>
    Effect.gen(function* () {
      const { requestCounts } = yield* DemoRegistry.DemoRegistry
      assert.lengthOf(yield* repositories, 250)
      assert.deepStrictEqual(yield* requestCounts, { "GET api": 3 })
    }).pipe(
      Effect.provide(
        overDemo(many(names), { api: { rateLimit: { requests: 1, period: "1 second" } } }, { scope: group })
      )
    )
  )

  it.live("F77 a limit that somebody else used up is waited for as long as its reset says", () =>
    Effect.gen(function* () {
      const { requestCounts, url } = yield* DemoRegistry.DemoRegistry
      const others = Effect.promise(() => fetch(`${url}/api/v4/groups/acme/registry/repositories`))
      const [first, second] = [yield* others, yield* others]
      assert.deepStrictEqual([first.status, second.status], [401, 429])
      assert.strictEqual(yield* Effect.promise(() => second.text()), "Retry later\n")
      assert.lengthOf(yield* repositories, 1)
      assert.isAtMost((yield* requestCounts)["GET api"]!, 5)
    }).pipe(
      Effect.provide(
        overDemo(many(["acme/app"]), { api: { rateLimit: { requests: 1, period: "2 seconds" } } }, { scope: group })
      )
    )
  )
})
