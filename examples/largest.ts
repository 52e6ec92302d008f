// Prints the repositories of a registry, the largest on disk first: REGISTRY_URL=https://registry.example.com
// GITLAB_URL=https://gitlab.example.com \ REGISTRY_USER=usage REGISTRY_TOKEN=… node examples/largest.ts
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Bytes, Crawl, Usage } from "@gitlab-registry-usage/core"
import { Config, Console, Effect, Layer } from "effect"

const registry = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.URL("REGISTRY_URL")
    return RegistryHttp.layer({
      url,
      gitlabUrl: yield* Config.URL("GITLAB_URL").pipe(Config.withDefault(url)),
      credentials: { username: yield* Config.String("REGISTRY_USER"), token: yield* Config.Redacted("REGISTRY_TOKEN") }
    })
  })
).pipe(Layer.provide(NodeHttpClient.layerUndici))

const program = Effect.gen(function* () {
  const inventory = yield* Crawl.crawl()
  const usage = Usage.measure(inventory)
  const repositories = inventory.repositories
    .map(({ name }, r) => ({ name, sizes: Usage.repositorySizes(usage, r) }))
    .toSorted((a, b) => (b.sizes?.diskSize ?? 0) - (a.sizes?.diskSize ?? 0))
  for (const { name, sizes } of [...repositories, { name: "all", sizes: Usage.total(usage) }]) {
    yield* Console.log(`${sizes === undefined ? "unknown" : Bytes.format(sizes.diskSize)}\t${name}`)
  }
})

NodeRuntime.runMain(program.pipe(Effect.provide(registry)))
