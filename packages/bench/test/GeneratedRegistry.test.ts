import { assert, describe, it } from "@effect/vitest"
import { Inventory, Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import * as GeneratedRegistry from "../src/registry/GeneratedRegistry.ts"

const options = {
  repositories: 20,
  tagsPerRepository: 50,
  manifests: 200,
  manifestsPerBase: 200,
  layersPerManifest: 10
}

describe("GeneratedRegistry", () => {
  it.effect("has the stated tags, manifests and blobs, with digests in the lists of tags or without", () =>
    Effect.gen(function* () {
      const inventory = yield* GeneratedRegistry.crawl(options, true)
      assert.deepStrictEqual(inventory.gaps, [])
      assert.strictEqual(inventory.repositories.length, 20)
      assert.strictEqual(Inventory.tagCount(inventory), 1000)
      assert.strictEqual(inventory.manifests.blobs.length, 200)
      // 200 manifests and configs, five layers of each, and the five of one base image.
      assert.strictEqual(inventory.blobs.digests.length, 200 + 200 + 200 * 5 + 5)
      const other = yield* GeneratedRegistry.crawl(options, false)
      assert.deepStrictEqual(Usage.total(Usage.measure(inventory)), Usage.total(Usage.measure(other)))
    })
  )
})
