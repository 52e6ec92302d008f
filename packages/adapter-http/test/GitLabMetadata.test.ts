import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Crawl, Usage } from "@gitlab-registry-usage/core"
import { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { createServer } from "node:http"
import { RegistryHttp } from "../src/index.ts"

const demo = (options: Partial<DemoRegistry.Options>) =>
  Layer.unwrap(
    Effect.map(RegistryTest.repositories, (repositories) => DemoRegistry.layer({ repositories, ...options }))
  ).pipe(Layer.provide(Layer.fresh(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 }))))

const overDemo = (options: Partial<DemoRegistry.Options>) =>
  Layer.unwrap(
    Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }) =>
      RegistryHttp.layer({
        url: new URL(url),
        credentials: { username: credentials.username, token: credentials.password }
      })
    )
  ).pipe(Layer.provide(NodeHttpClient.layerUndici), Layer.provideMerge(demo(options)))

RegistryTest.suite("the demonstration with the metadata database", overDemo({}))
RegistryTest.suite("the demonstration without the metadata database", overDemo({ metadataDatabase: false }))

describe("GitLabMetadata", () => {
  it.live("a crawl asks for each repository's tags once, and for manifests that it never saw", () =>
    Effect.gen(function* () {
      const { requestCounts, resetRequestCounts } = yield* DemoRegistry.DemoRegistry
      const repositories = yield* RegistryTest.repositories
      const first = yield* Crawl.crawl()
      assert.lengthOf(first.gaps, 0)
      const { "GET token": tokens, ...cold } = yield* requestCounts
      assert.isAtMost(tokens!, 2)
      const manifests = new Set(
        repositories
          .flatMap(({ tags }) =>
            tags.flatMap(({ image }) => [
              image,
              ...image.children,
              ...image.children.flatMap(({ children }) => children)
            ])
          )
          .map(({ digest }) => digest)
      )
      // The first request learns from its refusal where tokens are to be had.
      assert.deepStrictEqual(cold, {
        "GET catalog": 2,
        "GET metadata": 1,
        "GET metadata tags": repositories.length,
        "GET manifest": manifests.size
      })
      yield* resetRequestCounts
      const second = yield* Crawl.crawl({ previous: first })
      assert.lengthOf(second.gaps, 0)
      assert.deepStrictEqual(Usage.total(Usage.measure(second)), Usage.total(Usage.measure(first)))
      assert.deepStrictEqual(yield* requestCounts, {
        "GET catalog": 1,
        "GET metadata": 1,
        "GET metadata tags": repositories.length
      })
    }).pipe(Effect.provide(overDemo({})))
  )
})
