import { assert, describe, it } from "@effect/vitest"
import { Crawl, Inventory, Registry } from "@gitlab-registry-usage/core"
import { Effect, Stream } from "effect"
import { json, listen, name, overUndici, registryAt, tagNames } from "../servers.ts"

const reason = <A, E extends { readonly reason: { readonly _tag: string; readonly detail: string } }, R>(
  effect: Effect.Effect<A, E, R>
) => Effect.map(Effect.flip(effect), (error) => error.reason)

/** A registry whose tag listing is the handler's. */
const listing = (handler: Parameters<typeof listen>[0], options?: Parameters<typeof registryAt>[1]) =>
  Effect.gen(function* () {
    const server = yield* listen(handler)
    return { ...server, registry: yield* registryAt(server.url, options) }
  })

describe("Pages", () => {
  it.live("F71 absolute and relative links are followed, short and empty pages as well", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* listing((request, response, url) => {
        const last = url.searchParams.get("last")
        const next = (last: string, base = "") => ({
          link: `<${base}/v2/group/app/tags/list?n=1&last=${last}>; rel="next"`
        })
        if (last === null) return json(response, { tags: ["a"] }, next("a"))
        if (last === "a") return json(response, { tags: [] }, next("b", `http://${request.headers.host}`))
        if (last === "b") return json(response, { tags: null }, next("c"))
        return json(response, { tags: ["d"] })
      })
      assert.deepStrictEqual(yield* tagNames(registry), ["a", "d"])
      assert.deepStrictEqual(asked[0]?.path, "/v2/group/app/tags/list?n=1000")
      assert.lengthOf(asked, 4)
    }).pipe(overUndici)
  )

  it.live("F71 a link to another host gets no request", () =>
    Effect.gen(function* () {
      const evil = yield* listen((_, response) => json(response, { tags: ["evil"] }))
      const { registry } = yield* listing((_, response) =>
        json(response, { tags: ["a"] }, { link: `<${evil.url.href}v2/group/app/tags/list>; rel="next"` })
      )
      const { _tag, detail } = yield* reason(tagNames(registry))
      assert.strictEqual(_tag, "Unsafe")
      assert.include(detail, evil.url.origin)
      assert.lengthOf(evil.asked, 0)
    }).pipe(overUndici)
  )

  it.live("F71 the same page again, and a wrap to the first, end the listing as malformed", () =>
    Effect.gen(function* () {
      for (const last of ["b", undefined]) {
        const { asked, registry } = yield* listing((_, response) =>
          json(
            response,
            { tags: ["a", "b"] },
            {
              link: `</v2/group/app/tags/list?n=1000${last === undefined ? "" : `&last=${last}`}>; rel="next"`
            }
          )
        )
        assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Malformed")
        assert.isAtMost(asked.length, 2)
      }
    }).pipe(overUndici)
  )

  it.live("F71 pages without end are bounded", () =>
    Effect.gen(function* () {
      let page = 0
      const { asked, registry } = yield* listing(
        (_, response) =>
          json(response, { tags: [`t${++page}`] }, { link: `</v2/group/app/tags/list?last=t${page}>; rel="next"` }),
        { limits: { pages: 50 } }
      )
      const { _tag, detail } = yield* reason(tagNames(registry))
      assert.strictEqual(_tag, "Malformed")
      assert.include(detail, "50 pages")
      assert.lengthOf(asked, 50)
    }).pipe(overUndici)
  )

  it.live("F71 a malformed link is an error, not the end", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response) => json(response, { tags: ["a"] }, { link: "garbage" }))
      assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Malformed")
    }).pipe(overUndici)
  )

  it.live("F72 pages that repeat entries list each once", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response, url) =>
        url.searchParams.has("last")
          ? json(response, { tags: ["b", "c", "c"] })
          : json(response, { tags: ["a", "b", "a"] }, { link: '<?last=b>; rel="next"' })
      )
      assert.deepStrictEqual(yield* tagNames(registry), ["a", "b", "c"])
    }).pipe(overUndici)
  )

  it.live("F72 lists that are null are empty", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response) => json(response, { tags: null, repositories: null }))
      assert.deepStrictEqual(yield* tagNames(registry), [])
      assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), [])
    }).pipe(overUndici)
  )

  it.live("F72 a repository that is listed but not there is not found", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response, url) =>
        url.pathname === "/v2/_catalog"
          ? json(response, { repositories: [name] })
          : response.writeHead(404).end(JSON.stringify({ errors: [{ code: "NAME_UNKNOWN", message: "x" }] }))
      )
      assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), [name])
      const { _tag, detail } = yield* reason(tagNames(registry))
      assert.strictEqual(_tag, "NotFound")
      assert.include(detail, "404 NAME_UNKNOWN")
      const { gaps } = yield* Effect.provideService(Crawl.crawl(), Registry.Registry, registry)
      assert.deepStrictEqual(
        gaps.map(({ reason, repository }) => [repository, reason]),
        [[name, "NotFound"]]
      )
    }).pipe(overUndici)
  )

  it.live("a page size above the registry's is given up for its own", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* listing((_, response, url) =>
        url.searchParams.has("n")
          ? response.writeHead(400).end('{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid n"}]}')
          : json(response, { repositories: ["a"] })
      )
      assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), ["a"])
      assert.deepStrictEqual(
        asked.map(({ path }) => path),
        ["/v2/_catalog?n=1000", "/v2/_catalog"]
      )
    }).pipe(overUndici)
  )

  it.live("F72 names that fit no grammar are gaps and never become a path", () =>
    Effect.gen(function* () {
      const paths: Array<string> = []
      const { registry } = yield* listing(({ url }, response) => {
        paths.push(url!)
        return /list|_catalog/.test(url!)
          ? json(response, { repositories: ["../../x", "good", "UPPER", "a//b", ""], tags: ["../x", "-x", "a/b"] })
          : json(response, { errors: [] })
      })
      const { gaps, repositories } = yield* Effect.provideService(Crawl.crawl(), Registry.Registry, registry)
      assert.deepStrictEqual(
        repositories.map(({ name, tagNames }) => `${name} ${tagNames.length}`),
        ["good 0"]
      )
      const left = (count: number, what: string, names: string) =>
        `${count} listed ${what} are left out, because their names are not valid: ${names}`
      assert.deepStrictEqual(
        gaps.map((gap) => [Inventory.gapTarget(gap), gap.detail]),
        [
          ["good", left(3, "tags", '"../x", "-x", "a/b"')],
          ["the list of repositories", left(4, "repositories", '"../../x", "UPPER", "a//b"')]
        ]
      )
      assert.deepStrictEqual(
        paths.filter((path) => /UPPER|\.\.|\/-x|a\/b/.test(path)),
        []
      )
    }).pipe(overUndici)
  )

  it.live("F74 lists that are cut off, deep or of wrong types are malformed", () =>
    Effect.gen(function* () {
      for (const body of [
        '{"tags":["a"',
        "",
        "null",
        "[]",
        "{}",
        '{"tags":"a"}',
        '{"tags":[1]}',
        '{"tags":[{"name":"a"}]}',
        '{"tags":{"length":1}}',
        `{"tags":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
        '{"tags":["\xff"]}'
      ]) {
        const { registry } = yield* listing((_, response) =>
          response.writeHead(200, { "content-type": "application/json" }).end(Buffer.from(body, "latin1"))
        )
        assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Malformed", body.slice(0, 30))
      }
    }).pipe(overUndici)
  )

  it.live("F89 a web page to sign in is an error that says so, not an empty listing", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response) =>
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>Sign in</html>")
      )
      for (const effect of [tagNames(registry), Stream.runCollect(registry.repositories)]) {
        const { _tag, detail } = yield* reason<unknown, Effect.Error<typeof effect>, never>(effect)
        assert.strictEqual(_tag, "Malformed")
        assert.include(detail, "web page")
      }
    }).pipe(overUndici)
  )

  it.live("F89 a redirect to sign in is an error that names where, and is not followed", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* listing((_, response) =>
        response.writeHead(302, { location: "/users/sign_in?secret=1" }).end()
      )
      const { _tag, detail } = yield* reason(tagNames(registry))
      assert.strictEqual(_tag, "Malformed")
      assert.include(detail, "/users/sign_in,")
      assert.lengthOf(asked, 1)
    }).pipe(overUndici)
  )

  it.live("a registry without a catalog does not support listing", () =>
    Effect.gen(function* () {
      for (const status of [404, 405]) {
        const { registry } = yield* listing((_, response) => response.writeHead(status).end("no"))
        assert.strictEqual((yield* reason(Stream.runCollect(registry.repositories)))._tag, "Unsupported")
      }
    }).pipe(overUndici)
  )
})
