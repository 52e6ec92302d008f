/** The history of a registry: a snapshot of each day, in a store. */
import { Crawl, type Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { type Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { DateTime, Duration, Effect, Layer } from "effect"

/** The repositories of the registry so many days ago. */
export type Repositories = (daysAgo: number) => Effect.Effect<ReadonlyArray<Images.Repository>>

/** The snapshot of a registry with these repositories. */
export const snapshotOf = (
  repositories: ReadonlyArray<Images.Repository>,
  takenAt: DateTime.Utc
): Effect.Effect<Snapshot.Snapshot> =>
  Crawl.crawl().pipe(
    Effect.provide(RegistryMemory.layer({ repositories })),
    // The registry is in memory, so a crawl has gaps but no errors.
    Effect.orDie,
    Effect.map((inventory) => ({ takenAt, duration: 1000, stale: false, usage: Usage.measure(inventory) }))
  )

/** The period of the daily snapshots. */
export interface Options {
  readonly repositories: Repositories
  /** The instant from which days are counted back. */
  readonly now: DateTime.Utc
  /** How many days before it the first snapshot was taken. */
  readonly first: number
  /** How many days before it the last one was taken. Default 1. */
  readonly last?: number | undefined
}

/** Saves the snapshots, beginning with the oldest. */
export const save = Effect.fnUntraced(function* ({ first, last = 1, now, repositories }: Options) {
  const { save } = yield* SnapshotStore.SnapshotStore
  for (let daysAgo = first; daysAgo >= last; daysAgo--) {
    const takenAt = DateTime.subtractDuration(now, Duration.days(daysAgo))
    yield* save(yield* snapshotOf(yield* repositories(daysAgo), takenAt))
  }
})

/** A store in memory with these snapshots, which also keeps later ones. */
export const layer = (options: Options): Layer.Layer<SnapshotStore.SnapshotStore> =>
  Layer.effectDiscard(Effect.orDie(save(options))).pipe(
    Layer.provideMerge(SnapshotStore.layerMemoryOf({ keep: Number.POSITIVE_INFINITY }))
  )
