import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Names, Registry } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, Servers } from "@gitlab-registry-usage/test-servers"
import { Effect, Stream } from "effect"
import { RegistryHttp } from "../src/index.ts"

describe.skipIf(Servers.leftOut("docker-registry"))("docker-registry", () => {
  it.live("lists and fetches from an open registry", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start()
      const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
      const name = Names.RepositoryName.make("group/project/image")
      const tag = Names.TagName.make("1.0")
      yield* server.push(name, tag, image)
      const registry = yield* RegistryHttp.make({ url: server.url })
      assert.deepStrictEqual(yield* Stream.runCollect(registry.repositories), [name])
      assert.deepStrictEqual(yield* Stream.runCollect(registry.tags(name)), [{ name: tag }])
      assert.strictEqual(yield* registry.resolve(name, tag), image.digest)
      const manifest = yield* registry.manifest(name, tag)
      assert.deepStrictEqual(manifest.body, image.body)
      assert.strictEqual(yield* registry.blobSize(name, image.blobs[1]!.digest), 1000)
      yield* registry.deleteManifest(name, image.digest)
      const gone = yield* Effect.flip(registry.manifest(name, tag))
      assert.strictEqual(gone.reason._tag, "NotFound")
      assert.instanceOf(gone, Registry.RegistryError)
    }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))
  )
})
