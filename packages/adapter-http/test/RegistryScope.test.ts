import { assert, describe, it } from "@effect/vitest"
import { Crawl, Registry } from "@gitlab-registry-usage/core"
import { Account, Contents, Demo, DemoRegistry, Fault } from "@gitlab-registry-usage/demo"
import { Effect, Ref, Stream } from "effect"
import { logged, many, overDemo } from "./demo.ts"

const crawled = Effect.map(Crawl.crawl(), (inventory) => ({
  names: inventory.repositories.map(({ name }): string => name).sort(),
  gaps: inventory.gaps.map(({ repository, reason }): readonly [string | undefined, string] => [repository, reason])
}))

const names = ["acme/shop/api", "acme/shop/web", "acme/tools/cli", "other/team/app"]

describe("RegistryScope", () => {
  it.live("auto lists the catalog as long as that is permitted, and asks GitLab nothing", () =>
    Effect.gen(function* () {
      const { requestCounts } = yield* DemoRegistry.DemoRegistry
      assert.deepStrictEqual(yield* crawled, { names, gaps: [] })
      assert.notProperty(yield* requestCounts, "GET api")
    }).pipe(Effect.provide(overDemo(many(names), {}, { scope: { kind: "auto", path: "acme" } })))
  )

  it.live("auto falls back to the group where the catalog is denied, and says so", () =>
    Effect.gen(function* () {
      const { requestCounts } = yield* DemoRegistry.DemoRegistry
      const { messages, value } = yield* logged(crawled)
      assert.deepStrictEqual(value, { names: names.slice(0, 3), gaps: [] })
      assert.lengthOf(messages, 1)
      assert.include(messages[0], "of acme alone")
      const { "GET api": api, "GET catalog": catalog, "GET metadata tags": tags } = yield* requestCounts
      assert.deepStrictEqual({ api, catalog, tags }, { api: 1, catalog: 1, tags: 3 })
    }).pipe(
      Effect.provide(overDemo(many(names), {}, { as: Account.deployToken, scope: { kind: "auto", path: "acme" } }))
    )
  )

  it.live("auto takes the path for a project's where there is no such group", () =>
    Effect.gen(function* () {
      const { requestCounts } = yield* DemoRegistry.DemoRegistry
      assert.deepStrictEqual(yield* crawled, { names: names.slice(0, 2), gaps: [] })
      assert.strictEqual((yield* requestCounts)["GET api"], 2)
    }).pipe(
      Effect.provide(overDemo(many(names), {}, { as: Account.deployToken, scope: { kind: "auto", path: "acme/shop" } }))
    )
  )

  it.live("without a path a catalog that is denied is an error, and so it is for instance", () =>
    Effect.gen(function* () {
      for (const scope of [undefined, { kind: "auto" }, { kind: "instance" }] as const) {
        const error = yield* Effect.flip(Crawl.crawl()).pipe(
          Effect.provide(overDemo(many(names), {}, { as: Account.deployToken, scope }))
        )
        assert.deepStrictEqual([error.operation, error.reason._tag], ["repositories", "Denied"])
        assert.strictEqual(error.reason.detail.includes("by its path instead"), scope?.kind !== "instance")
      }
    })
  )

  it.live("auto does not hide a registry that is down", () =>
    Effect.gen(function* () {
      const { inject, requestCounts } = yield* DemoRegistry.DemoRegistry
      yield* inject({ on: ({ kind }) => kind === "catalog", answer: Fault.status(502) })
      const error = yield* Effect.flip(Crawl.crawl())
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.notProperty(yield* requestCounts, "GET api")
    }).pipe(
      Effect.scoped,
      Effect.provide(overDemo(many(names), {}, { retries: 0, scope: { kind: "auto", path: "acme" } }))
    )
  )

  it.live("a catalog that is denied after it began is an error, not the beginning of another listing", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind, parameters }) => kind === "catalog" && parameters.has("last"),
        answer: Fault.status(403)
      })
      yield* inject({
        on: ({ kind, parameters }) => kind === "catalog" && parameters.get("n") === "1000",
        answer: (answer, request) =>
          request.headers["authorization"] === undefined
            ? answer
            : Fault.status(400, { body: '{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"x"}]}' })(
                answer,
                request
              )
      })
      const registry = yield* Registry.Registry
      const error = yield* Effect.flip(Stream.runCollect(registry.repositories))
      assert.strictEqual(error.reason._tag, "Denied")
    }).pipe(
      Effect.scoped,
      Effect.provide(overDemo(many(names), { pageSize: 2 }, { scope: { kind: "auto", path: "acme" } }))
    )
  )

  for (const scope of [
    { kind: "project", path: "acme/shop" },
    { kind: "auto", path: "acme/shop" }
  ] as const) {
    it.live(`a CI/CD job reads its own project (${scope.kind})`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* crawled, { names: names.slice(0, 2), gaps: [] })
      }).pipe(Effect.provide(overDemo(many(names), {}, { as: Account.job, scope })))
    )
  }

  it.live("a CI/CD job sees no other project", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Crawl.crawl())
      assert.deepStrictEqual([error.target, error.reason._tag], ["acme/tools", "NotFound"])
    }).pipe(
      Effect.provide(overDemo(many(names), {}, { as: Account.job, scope: { kind: "project", path: "acme/tools" } }))
    )
  )

  it.live("no group can be listed where GitLab is not known", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Crawl.crawl())
      assert.strictEqual(error.reason._tag, "Unsupported")
    }).pipe(Effect.provide(overDemo(many(names), {}, { gitlabUrl: undefined, scope: { kind: "group", path: "acme" } })))
  )

  it.live("one token serves many repositories of a group", () =>
    Effect.gen(function* () {
      const { requestCounts } = yield* DemoRegistry.DemoRegistry
      yield* crawled
      assert.strictEqual((yield* requestCounts)["GET token"], 1)
    }).pipe(Effect.provide(overDemo(many(names), {}, { scope: { kind: "group", path: "acme" } })))
  )

  it.live("a repository of the group that cannot be pulled is a gap", () =>
    Effect.gen(function* () {
      const { gaps, names } = yield* crawled
      assert.deepStrictEqual(gaps, [["acme/vault/secrets", "Denied"]])
      assert.lengthOf(names, 7)
    }).pipe(
      Effect.provide(
        overDemo(Demo.repositories, {}, { as: Account.deployToken, scope: { kind: "group", path: "acme" } })
      )
    )
  )

  it.live("F88 a project that goes in the middle of the crawl is skipped and counted", () =>
    Effect.gen(function* () {
      const { contents, inject } = yield* DemoRegistry.DemoRegistry
      yield* inject({
        on: ({ kind }) => kind === "api",
        answer: (answer) =>
          Effect.tap(answer, () =>
            Ref.update(contents, (now) => Contents.remove("acme/shop/web")(Contents.remove("acme/shop/api")(now)))
          )
      })
      const { gaps, names } = yield* crawled
      assert.lengthOf(names, 3)
      assert.deepStrictEqual([...gaps].sort(), [
        ["acme/shop/api", "NotFound"],
        ["acme/shop/web", "NotFound"]
      ])
    }).pipe(Effect.scoped, Effect.provide(overDemo(many(names), {}, { scope: { kind: "group", path: "acme" } })))
  )
})
