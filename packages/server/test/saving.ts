/** Saves one of two snapshots after the other for ever, until it is killed: `saving.ts <path>`. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Crawl, Names, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"

import { DateTime, Effect } from "effect"
import * as FileSnapshotStore from "../src/stores/FileSnapshotStore.ts"

const [path = ""] = process.argv.slice(2)

const snapshotOf = Effect.fnUntraced(function* (takenAt: string, count: number) {
  const image = yield* Images.image({ layers: [yield* Images.layer("one", 10)] })
  const tags = Array.from({ length: count }, (_, i) => ({
    name: Names.TagName.make(`a-long-name-of-a-tag-${i}`),
    image
  }))
  const repositories = [{ name: Names.RepositoryName.make("group/app"), tags }]
  const inventory = yield* Crawl.crawl().pipe(Effect.provide(RegistryMemory.layer({ repositories })))
  return { takenAt: DateTime.makeUnsafe(takenAt), duration: 1, stale: false, usage: Usage.measure(inventory) }
})

const program = Effect.gen(function* () {
  const store = yield* FileSnapshotStore.make({ path })
  const [one, other] = [
    yield* snapshotOf("2026-01-01T00:00:00Z", 4000),
    yield* snapshotOf("2026-01-02T00:00:00Z", 6000)
  ]
  yield* store.save(one)
  process.stdout.write("saved\n")
  while (true) {
    yield* store.save(other)
    yield* store.save(one)
  }
})

await Effect.runPromise(Effect.provide(program, NodeServices.layer))
