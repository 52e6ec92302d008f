import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Account } from "../../src/index.ts"
import { ask, registry } from "../client.ts"

type Entry = Readonly<Record<string, unknown>>

const as = (account: Account.Account) => ({
  [account.username === Account.jobUsername ? "job-token" : "private-token"]: Redacted.value(account.password)
})

const list = (path: string, account = Account.administrator) =>
  Effect.map(ask(path, { headers: as(account) }), (answer) => ({
    status: answer.status,
    headers: answer.headers,
    entries: (answer.status === 200 ? JSON.parse(answer.text) : []) as ReadonlyArray<Entry>
  }))

const paths = (entries: ReadonlyArray<Entry>) => entries.map(({ path }) => path)
const next = (headers: Headers) => /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1]

const inGroup = "/api/v4/groups/acme/registry/repositories"
const inProject = "/api/v4/projects/acme%2Fshop/registry/repositories"

const shop = [
  "acme/shop/api",
  "acme/shop/cache",
  "acme/shop/chart",
  "acme/shop/empty",
  "acme/shop/web",
  "acme/shop/web/nightly"
]

describe("GitLabApi", () => {
  layer(registry(), { excludeTestServices: true })((it) => {
    it.effect("a group has the repositories of all its projects, a project its own", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(paths((yield* list(inGroup)).entries), [...shop, "acme/vault/secrets"])
        const { entries } = yield* list(`${inProject}?tags_count=true`)
        assert.deepStrictEqual(paths(entries), shop)
        assert.deepInclude(entries[0], { id: 1, name: "api", project_id: 1, tags_count: 4 })
        assert.notProperty((yield* list(`${inGroup}?tags_count=true`)).entries[0], "tags_count")
        assert.deepStrictEqual((yield* list("/api/v4/projects/1/registry/repositories?tags_count=1")).entries, entries)
      })
    )

    it.effect("a repository has its tags, their count and its size if they are requested", () =>
      Effect.gen(function* () {
        const get = (query: string) =>
          Effect.map(
            ask(`/api/v4/registry/repositories/1${query}`, { headers: as(Account.administrator) }),
            ({ json }) => json
          )
        assert.notProperty(yield* get(""), "size")
        const { path, size, tags, tags_count } = yield* get("?tags=true&tags_count=true&size=true")
        assert.strictEqual(path, "acme/shop/api")
        assert.deepStrictEqual([size, tags_count, tags.length], [832_000, 4, 4])
        assert.strictEqual(tags[0].path, "acme/shop/api:1.0.0")
        const missing = yield* ask("/api/v4/registry/repositories/999", { headers: as(Account.administrator) })
        assert.strictEqual(missing.status, 404)
      })
    )

    it.effect("a request without a token is 401, one without permission 404", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* ask(inGroup)).status, 401)
        assert.strictEqual((yield* ask(inGroup, { headers: { "private-token": "wrong" } })).status, 401)
        assert.strictEqual((yield* ask(inGroup, { headers: { "job-token": "demo-access-token" } })).status, 401)
        assert.strictEqual((yield* ask(inGroup, { headers: { "private-token": "demo-job-token" } })).status, 401)
        const other = yield* ask("/api/v4/groups/library/registry/repositories", { headers: as(Account.deployToken) })
        assert.deepStrictEqual([other.status, other.json.message], [404, "404 Group Not Found"])
        assert.strictEqual((yield* list(inGroup, Account.deployToken)).status, 200)
      })
    )

    it.effect("a job sees its own project and no group", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(paths((yield* list(inProject, Account.job)).entries), shop)
        assert.strictEqual((yield* list(inGroup, Account.job)).status, 401)
        assert.strictEqual(
          (yield* list("/api/v4/projects/library%2Fbase/registry/repositories", Account.job)).status,
          404
        )
      })
    )

    it.effect("pages by offset have headers with their position", () =>
      Effect.gen(function* () {
        const { entries, headers } = yield* list(`${inGroup}?per_page=3&page=2`)
        assert.deepStrictEqual(paths(entries), ["acme/shop/empty", "acme/shop/web", "acme/shop/web/nightly"])
        for (const [name, value] of [
          ["x-page", "2"],
          ["x-per-page", "3"],
          ["x-prev-page", "1"],
          ["x-next-page", "3"],
          ["x-total", "7"],
          ["x-total-pages", "3"]
        ] as const) {
          assert.strictEqual(headers.get(name), value, name)
        }
        const relations = [...(headers.get("link") ?? "").matchAll(/rel="(\w+)"/g)].map(([, rel]) => rel)
        assert.deepStrictEqual(relations, ["prev", "next", "first", "last"])
        const last = yield* list(new URL(next(headers)!).href)
        assert.deepStrictEqual(paths(last.entries), ["acme/vault/secrets"])
        assert.isUndefined(next(last.headers))
        assert.strictEqual(last.headers.get("x-next-page"), "")
      })
    )

    it.effect("pages by keyset have a link and nothing else", () =>
      Effect.gen(function* () {
        const found: Array<unknown> = []
        let at: string | undefined = `${inGroup}?per_page=3&pagination=keyset`
        while (at !== undefined && found.length < 100) {
          const { entries, headers }: Effect.Success<ReturnType<typeof list>> = yield* list(at)
          found.push(...paths(entries))
          assert.isNull(headers.get("x-page"))
          at = next(headers)
        }
        assert.deepStrictEqual(found, [...shop, "acme/vault/secrets"])
      })
    )
  })

  it.live("totals can be omitted, and requests over the limit are refused in plain text", () =>
    Effect.gen(function* () {
      const first = yield* list(inGroup)
      assert.isNull(first.headers.get("x-total"))
      assert.strictEqual(first.headers.get("x-page"), "1")
      assert.strictEqual(first.headers.get("ratelimit-remaining"), "1")
      assert.strictEqual((yield* list(inGroup)).headers.get("ratelimit-remaining"), "0")
      const refused = yield* ask(inGroup, { headers: as(Account.administrator) })
      assert.deepStrictEqual([refused.status, refused.text], [429, "Retry later\n"])
      const reset = Number(refused.headers.get("ratelimit-reset"))
      assert.strictEqual(reset % 3600, 0)
      assert.isAtLeast(Number(refused.headers.get("retry-after")), 1)
    }).pipe(Effect.provide(registry({ api: { totals: false, rateLimit: { requests: 2, period: "1 hour" } } })))
  )
})
