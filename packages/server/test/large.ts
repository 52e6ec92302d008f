/** The API over a registry of 100,000 tags, as a process: prints the port once it has crawled. */
import { Collector, Names, SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryMemory, Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Context, Effect, Layer, References } from "effect"
import { HttpServer } from "effect/http"
import * as HttpApp from "../src/http/HttpApp.ts"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Redacted } from "effect"
import { secret } from "./config/fixture.ts"

const program = Effect.gen(function* () {
  const image = yield* Images.image({ layers: [yield* Images.layer("one", 10)] })
  const repositories = Array.from({ length: 1000 }, (_, r) => ({
    name: Names.RepositoryName.make(`group-${r % 10}/project/image-${r}`),
    tags: Array.from({ length: 100 }, (_, t) => ({ name: Names.TagName.make(`release-1.${t}.0`), image }))
  }))
  const context = yield* Layer.build(
    HttpApp.layer({ host: "127.0.0.1", port: 0 }).pipe(
      Layer.provideMerge(Collector.layer({ interval: "1 hour" })),
      Layer.provide([
        SnapshotStore.layerMemory,
        RegistryMemory.layer({ repositories, listDigests: true }),
        DirectoryMemory.layer([])
      ]),
      Layer.provideMerge(
        JwtTokens.layer({
          current: KeySet.sharedSecret(Redacted.make(secret)),
          issuer: "test",
          audience: "test"
        })
      ),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
    )
  )
  yield* Effect.provide(Context.get(context, Collector.Collector).refresh, context)
  const { address } = Context.get(context, HttpServer.HttpServer)
  process.stdout.write(`port ${(address as { readonly port: number }).port} ready\n`)
  return yield* Effect.never
})

await Effect.runPromise(Effect.scoped(program))
