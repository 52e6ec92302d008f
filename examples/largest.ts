// Prints the repositories of a registry, the largest on disk first: REGISTRY_URL=https://registry.example.com
// GITLAB_URL=https://gitlab.example.com REGISTRY_USER=usage REGISTRY_TOKEN=… node examples/largest.ts
import { NodeRuntime } from "@effect/platform-node"
import { Bytes, Crawl, Usage } from "@gitlab-registry-usage/core"
import { Console, Effect } from "effect"
import * as Registry from "./registry.ts"

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

NodeRuntime.runMain(program.pipe(Effect.provide(Registry.layer)))
