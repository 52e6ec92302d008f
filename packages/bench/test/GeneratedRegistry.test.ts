import { assert, describe, it } from "@effect/vitest"
import { Crawl, Inventory, Registry, Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import * as GeneratedRegistry from "../src/registry/GeneratedRegistry.ts"

const crawled = (listDigests: boolean) =>
  Crawl.crawl().pipe(
    Effect.provideService(Registry.Registry, GeneratedRegistry.make(GeneratedRegistry.sized(1000, listDigests)))
  )

describe("GeneratedRegistry", () => {
  it.effect("has the tags, manifests and blobs that it says, whichever way it is crawled", () =>
    Effect.gen(function* () {
      const inventory = yield* crawled(true)
      assert.deepStrictEqual(inventory.gaps, [])
      assert.strictEqual(inventory.repositories.length, 20)
      assert.strictEqual(Inventory.tagCount(inventory), 1000)
      assert.strictEqual(inventory.manifests.blobs.length, 200)
      // 200 manifests and configs, five layers of each, and the five of one base image.
      assert.strictEqual(inventory.blobs.digests.length, 200 + 200 + 200 * 5 + 5)
      const other = yield* crawled(false)
      assert.deepStrictEqual(Usage.total(Usage.measure(inventory)), Usage.total(Usage.measure(other)))
    })
  )
})
