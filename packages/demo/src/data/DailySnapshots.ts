/**
 * The past of a registry: a snapshot of each day, in a store.
 */
import { Crawl, type Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { type Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { DateTime, Duration, Effect, Layer } from "effect"

/**
 * What the registry held so many days ago.
 */
export type Repositories = (daysAgo: number) => Effect.Effect<ReadonlyArray<Images.Repository>>

/**
 * The snapshot of a registry that holds these repositories.
 */
export const snapshotOf = (
  repositories: ReadonlyArray<Images.Repository>,
  takenAt: DateTime.Utc
): Effect.Effect<Snapshot.Snapshot> =>
  Crawl.crawl().pipe(
    Effect.provide(RegistryMemory.layer({ repositories })),
    // In memory, what cannot be read is a gap.
    Effect.orDie,
    Effect.map((inventory) => ({ takenAt, duration: 1000, stale: false, usage: Usage.measure(inventory) }))
  )

/**
 * Which snapshots there are: one a day.
 */
export interface Options {
  readonly repositories: Repositories
  /** The instant from which days are counted back. */
  readonly now: DateTime.Utc
  /** How many days before it the first snapshot was taken. */
  readonly first: number
  /** How many days before it the last one was taken. Default 1. */
  readonly last?: number | undefined
}

/**
 * Saves the snapshots, the oldest first.
 */
export const save = Effect.fnUntraced(function* ({ first, last = 1, now, repositories }: Options) {
  const { save } = yield* SnapshotStore.SnapshotStore
  for (let daysAgo = first; daysAgo >= last; daysAgo--) {
    const takenAt = DateTime.subtractDuration(now, Duration.days(daysAgo))
    yield* save(yield* snapshotOf(yield* repositories(daysAgo), takenAt))
  }
})

/**
 * A store in memory that has the snapshots, and keeps all that come.
 */
export const layer = (options: Options): Layer.Layer<SnapshotStore.SnapshotStore> =>
  Layer.effectDiscard(Effect.orDie(save(options))).pipe(
    Layer.provideMerge(SnapshotStore.layerMemoryOf({ keep: Number.POSITIVE_INFINITY }))
  )
