/**
 * A past for the demonstration, so that there is something to be seen of what grew.
 *
 * @since 0.1.0
 */
import { Crawl, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { type Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { DateTime, Effect, Layer } from "effect"

/** One snapshot for each day of so many. */
const days = 30

/** The repositories as they were while their tags came one by one; those with many tags came to be later. */
const asOf = (repositories: ReadonlyArray<Images.Repository>, share: number): ReadonlyArray<Images.Repository> =>
  repositories.map((repository) => ({
    ...repository,
    tags: repository.tags.slice(0, Math.ceil(repository.tags.length * share))
  }))

/**
 * A store that remembers how the repositories came to be what they are, day by day until an hour ago.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E, R>(
  repositories: Effect.Effect<ReadonlyArray<Images.Repository>, E, R>
): Layer.Layer<SnapshotStore.SnapshotStore, E, R> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const store = yield* SnapshotStore.SnapshotStore
      const all = yield* repositories
      const end = DateTime.subtract(yield* DateTime.now, { hours: 1 })
      for (let day = days; day >= 0; day--) {
        const registry = RegistryMemory.layer({ repositories: asOf(all, 0.4 + 0.6 * (1 - day / days) ** 2) })
        const inventory = yield* Crawl.crawl().pipe(Effect.provide(registry), Effect.orDie)
        const usage = Usage.measure(inventory)
        yield* Effect.orDie(
          store.save({ takenAt: DateTime.subtract(end, { days: day }), duration: 100, stale: false, usage })
        )
      }
    })
  ).pipe(Layer.provideMerge(SnapshotStore.layerMemoryOf({ keep: 1000 })))
