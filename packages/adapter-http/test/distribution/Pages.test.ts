import { assert, describe, it } from "@effect/vitest"
import { Crawl, Inventory, Registry } from "@gitlab-registry-usage/core"
import { Effect, Stream } from "effect"
import { json, listen, name, overUndici, redirecting, registryAt, tag, tagNames } from "../servers.ts"

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

  it.live("F71 a link to another host gets no request, and of the same listing there only the query counts", () =>
    Effect.gen(function* () {
      const evil = yield* listen((_, response) => json(response, { tags: ["evil"] }))
      for (const path of ["v2/group/other/tags/list", "x"]) {
        const { registry } = yield* listing((_, response) =>
          json(response, { tags: ["a"] }, { link: `<${evil.url.href}${path}?last=a>; rel="next"` })
        )
        const { _tag, detail } = yield* reason(tagNames(registry))
        assert.strictEqual(_tag, "Unsafe")
        assert.include(detail, evil.url.origin)
      }
      const { asked, registry } = yield* listing((_, response, url) =>
        url.searchParams.has("last")
          ? json(response, { tags: ["b"] })
          : json(response, { tags: ["a"] }, { link: `<${evil.url.href}v2/group/app/tags/list?last=a>; rel="next"` })
      )
      assert.deepStrictEqual(yield* tagNames(registry), ["a", "b"])
      assert.strictEqual(asked[1]?.path, "/v2/group/app/tags/list?last=a")
      assert.lengthOf(evil.asked, 0)
    }).pipe(overUndici)
  )

  it.live("F71 an empty last page that links itself is the end", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* listing((_, response, url) =>
        json(response, { tags: url.searchParams.has("last") ? [] : ["a"] }, { link: '<?n=1000&last=a>; rel="next"' })
      )
      assert.deepStrictEqual(yield* tagNames(registry), ["a"])
      assert.lengthOf(asked, 2)
    }).pipe(overUndici)
  )

  it.live("a registry below a path that its links leave out is listed to its end", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* listing((_, response, url) =>
        url.searchParams.has("last")
          ? json(response, { tags: ["b"] })
          : json(response, { tags: ["a"] }, { link: '</v2/group/app/tags/list?last=a>; rel="next"' })
      )
      const registry = yield* registryAt(new URL("/some/registry/", url))
      assert.deepStrictEqual(yield* tagNames(registry), ["a", "b"])
      assert.strictEqual(asked.at(-1)?.path, "/some/registry/v2/group/app/tags/list?last=a")
    }).pipe(overUndici)
  )

  it.live("F117 a listing that is redirected is read there, page by page, without the token", () =>
    Effect.gen(function* () {
      const elsewhere = yield* listen((_, response, url) =>
        url.searchParams.has("last")
          ? json(response, { tags: ["b"], repositories: ["b"] })
          : json(response, { tags: ["a"], repositories: ["a"] }, { link: `<${url.pathname}?last=a>; rel="next"` })
      )
      const { registry } = yield* redirecting((url) => `${elsewhere.url.origin}/mirror${url.pathname}${url.search}`)
      assert.deepStrictEqual(yield* tagNames(registry), ["a", "b"])
      assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), ["a", "b"])
      assert.lengthOf(elsewhere.asked, 4)
      for (const { headers } of elsewhere.asked) assert.isUndefined(headers.authorization)
    }).pipe(overUndici)
  )

  it.live("credentials that another host wants after a redirect are not sent", () =>
    Effect.gen(function* () {
      const elsewhere = yield* listen((_, response) =>
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end()
      )
      const { asked, registry } = yield* redirecting(() => elsewhere.url.href)
      const { _tag, detail } = yield* reason(tagNames(registry))
      assert.strictEqual(_tag, "Unsafe")
      assert.include(detail, elsewhere.url.origin)
      assert.lengthOf(elsewhere.asked, 1)
      assert.isUndefined(elsewhere.asked[0]?.headers.authorization)
      assert.isAtMost(asked.length, 3)
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
      assert.strictEqual(_tag, "TooLarge")
      assert.include(detail, "50 pages")
      assert.lengthOf(asked, 50)
    }).pipe(overUndici)
  )

  for (const [limits, named] of [
    [{ entries: 250 }, "250 entries"],
    [{ nameBytes: 1000 }, "1000 bytes of names"]
  ] as const) {
    it.live(`a listing without end is too large beyond ${named}, and is not read further`, () =>
      Effect.gen(function* () {
        let page = 0
        const { asked, registry } = yield* listing(
          (_, response) => {
            const names = Array.from({ length: 100 }, (_, i) => `t${++page}-${i}`)
            return json(response, { tags: names, repositories: names }, { link: `<?last=${names.at(-1)}>; rel="next"` })
          },
          { limits }
        )
        const { _tag, detail } = yield* reason(tagNames(registry))
        assert.strictEqual(_tag, "TooLarge")
        assert.include(detail, named)
        assert.isAtMost(asked.length, 3)
        const listed: Array<string> = []
        const all = Stream.runForEach(registry.repositories, (name) => Effect.sync(() => listed.push(name)))
        assert.strictEqual((yield* reason(all))._tag, "TooLarge")
        assert.isAtLeast(listed.length, 100)
        assert.isAtMost(listed.length, 251)
      }).pipe(overUndici)
    )
  }

  it.live("a listing as large as its limit is listed", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response) => json(response, { tags: ["aa", "bb", "aa"] }), {
        limits: { entries: 2, nameBytes: 4, pages: 1 }
      })
      assert.deepStrictEqual(yield* tagNames(registry), ["aa", "bb"])
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

  it.live("a page size that the registry refuses is given up for its own, whatever the refusal", () =>
    Effect.gen(function* () {
      for (const [status, body] of [
        [400, '{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid n"}]}'],
        [400, '{"errors":[{"code":"UNSUPPORTED","message":"x"}]}'],
        [413, '{"errors":[{"code":"TOO_MANY_TAGS_REQUESTED","message":"max is 100"}]}'],
        [403, "<html>"],
        [404, ""],
        [422, "{}"],
        [500, ""]
      ] as const) {
        const { asked, registry } = yield* listing((_, response, url) =>
          url.searchParams.has("n")
            ? response.writeHead(status).end(body)
            : json(response, { repositories: ["a"], tags: ["1"] })
        )
        assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), ["a"])
        assert.deepStrictEqual(yield* tagNames(registry), ["1"])
        assert.deepStrictEqual(
          asked.map(({ path }) => path),
          ["/v2/_catalog?n=1000", "/v2/_catalog", "/v2/group/app/tags/list?n=1000", "/v2/group/app/tags/list"],
          `${status}`
        )
      }
    }).pipe(overUndici)
  )

  it.live("a refusal that no page size changes costs one request", () =>
    Effect.gen(function* () {
      for (const [status, code] of [
        [404, "NAME_UNKNOWN"],
        [404, "NOT_FOUND"],
        [403, "DENIED"]
      ] as const) {
        const { asked, registry } = yield* listing((_, response) =>
          response.writeHead(status).end(JSON.stringify({ errors: [{ code, message: "x" }] }))
        )
        yield* reason(tagNames(registry))
        assert.lengthOf(asked, 1, code)
      }
    }).pipe(overUndici)
  )

  it.live("a later page that is not there is no catalog that is not there", () =>
    Effect.gen(function* () {
      for (const repositories of [["a"], []]) {
        const { registry } = yield* listing((_, response, url) =>
          url.searchParams.has("last")
            ? response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN","message":"x"}]}')
            : json(response, { repositories }, { link: '<?last=a>; rel="next"' })
        )
        const { _tag, detail } = yield* reason(Stream.runCollect(registry.repositories))
        assert.strictEqual(_tag, "NotFound")
        assert.notInclude(detail, "no catalog")
      }
    }).pipe(overUndici)
  )

  it.live("F72 F108 names that fit no grammar are gaps and never become a path", () =>
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

  it.live("entries that are no names are gaps, and the others are read", () =>
    Effect.gen(function* () {
      const entries = ["good", null, 5, {}, [], true]
      const { registry } = yield* listing((_, response, url) =>
        json(response, url.pathname === "/v2/_catalog" ? { repositories: entries } : { tags: [null, {}] })
      )
      assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), [
        "good",
        ...["null", "5", "an object", "a list", "true"].map((entry) => `not a name: ${entry}`)
      ])
      const { gaps, repositories } = yield* Effect.provideService(Crawl.crawl(), Registry.Registry, registry)
      assert.deepStrictEqual(
        repositories.map(({ name }) => name as string),
        ["good"]
      )
      assert.deepStrictEqual(
        gaps.map((gap) => [Inventory.gapTarget(gap), gap.reason]),
        [
          ["good", "Malformed"],
          ["the list of repositories", "Malformed"]
        ]
      )
      assert.include(gaps[1]?.detail, "5 listed repositories")
    }).pipe(overUndici)
  )

  it.live("a list of another shape is an error that names what is missing, without its values", () =>
    Effect.gen(function* () {
      for (const [body, named] of [
        ['{"\\u001b[2J":"canary"}', '"tags" is missing'],
        ['{"tags":"canary"}', '"tags" has another type']
      ] as const) {
        const { registry } = yield* listing((_, response) =>
          response.writeHead(200, { "content-type": "application/json" }).end(body)
        )
        const { detail } = yield* reason(tagNames(registry))
        assert.include(detail, named)
        assert.notInclude(detail, "canary")
      }
    }).pipe(overUndici)
  )

  it.live("a list in JSON is read, also where its type is that of a web page", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response) =>
        json(response, { tags: ["a"] }, { "content-type": "text/html" })
      )
      assert.deepStrictEqual(yield* tagNames(registry), ["a"])
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

  it.live("F89 a redirect to sign in is an error that names where, without its query", () =>
    Effect.gen(function* () {
      const { registry } = yield* listing((_, response, url) =>
        url.pathname === "/users/sign_in"
          ? response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>")
          : response.writeHead(302, { location: "/users/sign_in?secret=1" }).end()
      )
      for (const effect of [tagNames(registry), registry.manifest(name, tag)]) {
        const { _tag, detail } = yield* reason<unknown, Effect.Error<typeof effect>, never>(effect)
        assert.strictEqual(_tag, "Malformed")
        assert.include(detail, "/users/sign_in answers with a web page")
        assert.notInclude(detail, "secret")
      }
    }).pipe(overUndici)
  )

  it.live("F89 a redirect that comes back to itself is an error that names where", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* listing((_, response) =>
        response.writeHead(302, { location: "/users/sign_in?secret=1" }).end()
      )
      const { _tag, detail } = yield* reason(tagNames(registry))
      assert.strictEqual(_tag, "Malformed")
      assert.include(detail, "/users/sign_in,")
      assert.lengthOf(asked, 6)
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
