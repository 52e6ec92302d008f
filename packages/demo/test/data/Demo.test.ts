import { assert, describe, it } from "@effect/vitest"
import { Crawl, Digest, MediaType, Registry, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"
import { Demo, Expected } from "../../src/index.ts"
import { measure } from "./naive.ts"

const imagesOf = (image: Images.Image): ReadonlyArray<Images.Image> => [image, ...image.children.flatMap(imagesOf)]

describe("Demo", () => {
  for (const accounting of ["all", "layers"] as const) {
    it.effect(`the expected sizes are those of a naive measurement: ${accounting}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(measure(yield* Demo.repositories, accounting), Expected.byAccounting[accounting])
      })
    )

    it.effect(`the expected sizes are those of a crawl: ${accounting}`, () =>
      Effect.gen(function* () {
        const repositories = yield* Demo.repositories
        const inventory = yield* Effect.provide(Crawl.crawl(), RegistryMemory.layer({ repositories }))
        const usage = Usage.measure(inventory, { accounting })
        const measured: Expected.ExpectedUsage = {
          total: Usage.total(usage)!,
          repositories: Object.fromEntries(
            inventory.repositories.map(({ name }, r) => [name, Usage.repositorySizes(usage, r) ?? null])
          )
        }
        assert.deepStrictEqual(measured, Expected.byAccounting[accounting])
      })
    )
  }

  it.effect("the digests and the sizes in descriptors are those of the bytes", () =>
    Effect.gen(function* () {
      const images = (yield* Demo.repositories).flatMap(({ tags }) => tags.flatMap(({ image }) => imagesOf(image)))
      assert.isAbove(images.length, 10)
      for (const image of images) {
        assert.strictEqual(yield* Images.digestOf(image.body), image.digest)
        const { config, layers = [], manifests = [] } = JSON.parse(new TextDecoder().decode(image.body))
        const stored = new Map([...image.blobs, ...image.children].map(({ body, digest }) => [digest, body.length]))
        for (const { digest, mediaType, size } of [
          ...(config === undefined ? [] : [config]),
          ...layers,
          ...manifests
        ]) {
          if (!MediaType.isForeign(mediaType)) assert.strictEqual(stored.get(digest), size)
        }
      }
      for (const blob of new Set(images.flatMap(({ blobs }) => blobs))) {
        assert.strictEqual(yield* Images.digestOf(blob.body), blob.digest)
      }
    })
  )

  it.effect("the repositories and their tags have the order in which a registry lists them", () =>
    Effect.gen(function* () {
      const repositories = yield* Demo.repositories
      for (const names of [
        repositories.map(({ name }) => name),
        ...repositories.map(({ tags }) => tags.map(({ name }) => name))
      ]) {
        assert.deepStrictEqual(names, [...new Set<string>(names)].sort() as typeof names)
      }
    })
  )

  it.effect("it has every kind of content that a registry may have", () =>
    Effect.gen(function* () {
      const repositories = yield* Demo.repositories
      const images = repositories.flatMap(({ tags }) => tags.flatMap(({ image }) => imagesOf(image)))
      assert.deepStrictEqual(
        [...new Set(images.map(({ mediaType }) => mediaType))].sort(),
        [MediaType.dockerManifest, MediaType.dockerManifestList, MediaType.ociIndex, MediaType.ociManifest].sort()
      )
      assert.isTrue(
        images.some(({ children }) => children.some((child) => child.children.length > 0)),
        "nested index"
      )
      assert.isTrue(
        repositories.some(({ tags }) => tags.length === 0),
        "empty repository"
      )
      assert.isTrue(
        repositories.some(({ tags }) => tags.length > 100),
        "more than one page of tags"
      )
      assert.isTrue(
        repositories.some(({ unreadable }) => unreadable instanceof Registry.Denied),
        "denied repository"
      )
      assert.isTrue(
        repositories.some(({ name, tags }) => name === "group/tags/inner" && tags.some((tag) => tag.name === "tags"))
      )
      assert.isTrue(images.every(({ digest }) => Digest.isDigest(digest)))
    })
  )
})
