import { assert, describe, it } from "@effect/vitest"
import { Crawl, type Digest, type Inventory, Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Contents, Demo, DemoRegistry, Expected, Fault } from "@gitlab-registry-usage/demo"
import { Effect, Ref, Stream } from "effect"
import { many, numbered, overDemo } from "../demo.ts"

RegistryTest.suite("the demonstration with the metadata database", overDemo(RegistryTest.repositories))
RegistryTest.suite(
  "the demonstration without the metadata database",
  overDemo(RegistryTest.repositories, { metadataDatabase: false })
)

const gaps = (inventory: Inventory.Inventory) =>
  inventory.gaps.map(({ repository, reason }): readonly [string | undefined, string] => [repository, reason])

const total = (inventory: Inventory.Inventory) => Usage.total(Usage.measure(inventory))

/** Manifests that a crawl fetches: each once. */
const distinct = (repositories: ReadonlyArray<Images.Repository>): number => {
  const digests = new Set<string>()
  const add = ({ children, digest }: Images.Image): void => {
    digests.add(digest)
    children.forEach(add)
  }
  for (const { tags } of repositories) for (const { image } of tags) add(image)
  return digests.size
}

/** One repository whose tags share two images. */
const tagged = (name: string, tags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const images = [yield* Images.image({ layers: [] }), yield* Images.image({ layers: [], config: { other: true } })]
    return [
      {
        name: Names.RepositoryName.make(name),
        tags: tags.map((tag, i) => ({ name: Names.TagName.make(tag), image: images[i % 2]! }))
      }
    ]
  })

const some = Names.RepositoryName.make("group/app")
const listTags = (name: Names.RepositoryName) =>
  Effect.flatMap(Registry.Registry, (registry) => Stream.runCollect(registry.tags(name)))

describe("GitLabMetadata", () => {
  it.live("a crawl asks for each repository's tags once, for each new manifest once, and for nothing else", () =>
    Effect.gen(function* () {
      const { requestCounts, resetRequestCounts } = yield* DemoRegistry.DemoRegistry
      const repositories = yield* RegistryTest.repositories
      const first = yield* Crawl.crawl()
      assert.deepStrictEqual(gaps(first), [])
      // The first request learns from its refusal where tokens are to be had; one is for the catalog.
      assert.deepStrictEqual(yield* requestCounts, {
        "GET catalog": 2,
        "GET metadata": 1,
        "GET metadata tags": repositories.length,
        "GET manifest": distinct(repositories),
        "GET token": 2
      })
      yield* resetRequestCounts
      const second = yield* Crawl.crawl({ previous: first })
      assert.deepStrictEqual(gaps(second), [])
      assert.deepStrictEqual(total(second), total(first))
      assert.deepStrictEqual(yield* requestCounts, {
        "GET catalog": 1,
        "GET metadata": 1,
        "GET metadata tags": repositories.length
      })
    }).pipe(Effect.provide(overDemo(RegistryTest.repositories)))
  )

  it.live("without it one question finds that out, and the tags come by the distribution API", () =>
    Effect.gen(function* () {
      const { requestCounts, resetRequestCounts } = yield* DemoRegistry.DemoRegistry
      const repositories = yield* RegistryTest.repositories
      const first = yield* Crawl.crawl()
      yield* resetRequestCounts
      yield* Crawl.crawl({ previous: first })
      assert.deepStrictEqual(yield* requestCounts, {
        "GET catalog": 1,
        "GET metadata": 1,
        "GET tags": repositories.length,
        "GET manifest": repositories.flatMap(({ tags }) => tags).length
      })
    }).pipe(Effect.provide(overDemo(RegistryTest.repositories, { metadataDatabase: false })))
  )

  for (const metadataDatabase of [true, false]) {
    it.live(`the sizes are those of the manifests ${metadataDatabase ? "with" : "without"} it`, () =>
      Effect.gen(function* () {
        const inventory = yield* Crawl.crawl()
        const { diskSize, size, uniqueSize } = total(inventory)!
        assert.deepStrictEqual({ diskSize, size, uniqueSize }, Expected.all.total)
        assert.deepStrictEqual(gaps(inventory), [["acme/vault/secrets", "Denied"]])
      }).pipe(Effect.provide(overDemo(Demo.repositories, { metadataDatabase })))
    )
  }

  it.live("more than a thousand tags come in pages of a thousand, with their digests", () =>
    Effect.gen(function* () {
      const { contents, requestCounts } = yield* DemoRegistry.DemoRegistry
      const tags = yield* listTags(some)
      const stored = (yield* Ref.get(contents)).get(some)!.tags
      assert.lengthOf(tags, 2500)
      for (const { digest, name } of tags) assert.strictEqual(digest, stored.get(name) as Digest.Digest)
      const { "GET metadata tags": pages } = yield* requestCounts
      assert.strictEqual(pages, 3)
    }).pipe(Effect.provide(overDemo(tagged(some, numbered("t", 2500)))))
  )

  it.live("the dates of the tags come with them: the last of what GitLab states", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      const pushed = Date.UTC(2024, 1, 29, 12)
      assert.deepStrictEqual(
        (yield* listTags(some)).map(({ publishedAt }) => publishedAt),
        [pushed, pushed]
      )
      const dated = (name: string, dates: object) => ({ name, ...dates })
      const created_at = "2020-01-01T00:00:00.000Z"
      yield* inject({
        on: ({ kind }) => kind === "metadata tags",
        answer: Fault.garbage(
          JSON.stringify([
            dated("all", { created_at, updated_at: "2021-01-01T00:00:00Z", published_at: "2022-01-01T00:00:00.5Z" }),
            dated("created", { created_at, updated_at: null }),
            dated("none", { created_at: "yesterday", published_at: 7 }),
            dated("updated", { created_at, updated_at: "2021-01-01T00:00:00.000Z" })
          ])
        )
      })
      assert.deepStrictEqual(yield* listTags(some), [
        { name: "all", publishedAt: Date.UTC(2022, 0, 1, 0, 0, 0, 500) },
        { name: "created", publishedAt: Date.UTC(2020, 0, 1) },
        { name: "none" },
        { name: "updated", publishedAt: Date.UTC(2021, 0, 1) }
      ])
    }).pipe(
      Effect.scoped,
      Effect.provide(overDemo(tagged(some, ["a", "b"]), { pushedAt: () => Date.UTC(2024, 1, 29, 12) }))
    )
  )

  it.live("more than a thousand tags come to their end without it as well", () =>
    Effect.gen(function* () {
      assert.lengthOf(yield* listTags(some), 2500)
    }).pipe(Effect.provide(overDemo(tagged(some, numbered("t", 2500)), { metadataDatabase: false })))
  )

  it.live("a repository that the database does not know is read by the distribution API, and only that one", () =>
    Effect.gen(function* () {
      const { inject, requestCounts } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind, repository }) => kind === "metadata tags" && repository === "a/b/2",
        answer: Fault.status(404, { body: '{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}' })
      })
      const inventory = yield* Crawl.crawl()
      assert.deepStrictEqual(gaps(inventory), [])
      assert.lengthOf(inventory.repositories, 3)
      const { "GET metadata tags": known, "GET tags": unknown } = yield* requestCounts
      assert.deepStrictEqual([known, unknown], [3, 1])
    }).pipe(Effect.scoped, Effect.provide(overDemo(many(["a/b/1", "a/b/2", "a/b/3"]))))
  )

  it.live("a repository that vanishes between two pages is not found, and not listed twice", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind, parameters }) => kind === "metadata tags" && parameters.has("last"),
        answer: Fault.status(404, { body: '{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}' })
      })
      const error = yield* Effect.flip(listTags(some))
      assert.strictEqual(error.reason._tag, "NotFound")
    }).pipe(Effect.scoped, Effect.provide(overDemo(tagged(some, numbered("t", 1500)))))
  )

  for (const [what, answer] of [
    ["a server that answers everything with 200", Fault.status(200, { body: "{}" })],
    ["a proxy without a way to it", Fault.status(502)],
    ["a proxy that forbids it", Fault.status(403)],
    ["a page to sign in", Fault.status(200, { body: "<html>", headers: { "content-type": "text/html" } })],
    ["a redirect to sign in", Fault.status(302, { headers: { location: "/users/sign_in" } })]
  ] as const) {
    it.live(`${what} has no metadata database`, () =>
      Effect.gen(function* () {
        const { inject, requestCounts } = yield* DemoRegistry.DemoRegistry
        yield* inject({ on: ({ kind }) => kind.startsWith("metadata"), answer })
        assert.deepStrictEqual(gaps(yield* Crawl.crawl()), [])
        const { "GET metadata": asked, "GET metadata tags": listed, "GET tags": tags } = yield* requestCounts
        assert.deepStrictEqual([asked, listed, tags], [1, undefined, 3])
      }).pipe(Effect.scoped, Effect.provide(overDemo(many(["a/b/1", "a/b/2", "a/b/3"]), {}, { retries: 0 })))
    )
  }

  it.live("F75 a malformed digest is not used: the tag is asked for by name", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind }) => kind === "metadata tags",
        answer: Fault.garbage('[{"name":"latest","digest":"sha256:../../x"},{"name":"../x","digest":null}]')
      })
      assert.deepStrictEqual(yield* listTags(some), [{ name: "latest" }, { name: "../x" }])
      assert.deepStrictEqual(gaps(yield* Crawl.crawl()), [[some, "Malformed"]])
    }).pipe(Effect.scoped, Effect.provide(overDemo(many([some]))))
  )

  it.live("F74 a listing of another shape is malformed", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      for (const body of ["{}", '[{"name":1}]', "[", "null", '{"tags":["latest"]}', "[[]]"]) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* inject({ on: ({ kind }) => kind === "metadata tags", answer: Fault.garbage(body) })
            assert.strictEqual((yield* Effect.flip(listTags(some))).reason._tag, "Malformed", body)
          })
        )
      }
    }).pipe(Effect.provide(overDemo(many([some]))))
  )

  it.live("a repository that is denied leaves open whether there is a database, and becomes a gap", () =>
    Effect.gen(function* () {
      const { contents, requestCounts } = yield* DemoRegistry.DemoRegistry
      const [denied] = yield* many(["a/a/denied"])
      yield* Ref.update(
        contents,
        Contents.put({ ...denied!, unreadable: new Registry.Denied({ detail: "switched off" }) })
      )
      const inventory = yield* Crawl.crawl()
      assert.deepStrictEqual(gaps(inventory), [["a/a/denied", "Denied"]])
      const { "GET metadata": asked, "GET metadata tags": tags } = yield* requestCounts
      assert.deepStrictEqual([asked, tags], [1, 2])
    }).pipe(Effect.provide(overDemo(many(["a/b/1", "a/b/2"]))))
  )

  it.live("F88 a repository that is deleted in the middle of a crawl is skipped and counted", () =>
    Effect.gen(function* () {
      const { contents, inject } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind, repository }) => kind === "metadata tags" && repository === "a/b/1",
        times: 1,
        answer: (answer) => Effect.andThen(Ref.update(contents, Contents.remove("a/b/1")), answer)
      })
      yield* inject({
        on: ({ kind, repository }) => kind === "manifest" && repository === "a/b/3",
        times: 1,
        answer: (answer) => Effect.andThen(Ref.update(contents, Contents.remove("a/b/3")), answer)
      })
      const inventory = yield* Crawl.crawl()
      assert.deepStrictEqual(gaps(inventory).sort(), [
        ["a/b/1", "NotFound"],
        ["a/b/3", "NotFound"]
      ])
      assert.deepStrictEqual(
        inventory.repositories.map(({ name }): string => name),
        ["a/b/1", "a/b/2", "a/b/3"]
      )
    }).pipe(Effect.scoped, Effect.provide(overDemo(many(["a/b/1", "a/b/2", "a/b/3"]))))
  )

  it.live("F79 tokens are renewed in the middle of a crawl", () =>
    Effect.gen(function* () {
      const { inject, requestCounts } = yield* DemoRegistry.DemoRegistry
      yield* inject({ on: ({ kind }) => kind === "metadata tags", answer: Fault.delay("100 millis") })
      const inventory = yield* Crawl.crawl({ concurrency: 4 })
      assert.deepStrictEqual(gaps(inventory), [])
      assert.lengthOf(inventory.repositories, 64)
      const { "GET token": tokens } = yield* requestCounts
      // 64 repositories need 4 tokens, and one is for the catalog.
      assert.isAbove(tokens!, 5)
    }).pipe(
      Effect.scoped,
      Effect.provide(overDemo(many(numbered("a/b/", 64)), { tokenLife: "1 second" }, { repositoriesPerToken: 16 }))
    )
  )

  it.live("F77 a storm of 429 delays the crawl and loses nothing", () =>
    Effect.gen(function* () {
      const { inject, requestCounts } = yield* DemoRegistry.DemoRegistry
      let count = 0
      yield* inject({
        on: ({ kind }) => kind !== "token" && count++ % 2 === 0,
        times: 30,
        answer: Fault.status(429, { body: "Retry later" })
      })
      assert.deepStrictEqual(gaps(yield* Crawl.crawl()), [])
      const { "GET metadata tags": tags } = yield* requestCounts
      assert.isAbove(tags!, 24)
    }).pipe(Effect.scoped, Effect.provide(overDemo(many(numbered("a/b/", 24)), {}, { retries: 10 })))
  )

  it.live("F86 credentials that are revoked during a crawl end it at once", () =>
    Effect.gen(function* () {
      const { inject, requestCounts, resetRequestCounts } = yield* DemoRegistry.DemoRegistry
      yield* Crawl.crawl()
      yield* inject({ on: ({ kind }) => kind === "token", answer: Fault.status(401) })
      yield* inject({
        on: ({ kind }) => kind === "metadata tags" || kind === "manifest",
        answer: Fault.status(401, {
          headers: {
            "www-authenticate": `Bearer realm="${(yield* DemoRegistry.DemoRegistry).url}/jwt/auth",service="container_registry"`
          }
        })
      })
      yield* resetRequestCounts
      const error = yield* Effect.flip(Crawl.crawl())
      assert.strictEqual(error.reason._tag, "Unauthorized")
      const { "GET token": tokens } = yield* requestCounts
      assert.strictEqual(tokens, 1)
    }).pipe(Effect.scoped, Effect.provide(overDemo(many(numbered("a/b/", 24)))))
  )
})
