/** A registry with a past: forty days of it, in which one image grows each day, one comes and one goes. */
import { Crawl, Names, type Registry, type Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { DateTime, Duration, Effect, Layer } from "effect"

/** So much the growing image takes more each day (bytes). */
export const daily = 1000

const repository = (
  name: string,
  tags: Record<string, Images.Image>,
  unreadable?: Registry.RegistryReason
): Images.Repository => ({
  name: Names.RepositoryName.make(name),
  tags: Object.entries(tags).map(([tag, image]) => ({ name: Names.TagName.make(tag), image })),
  unreadable
})

/** The repositories so many days ago. */
export const repositories = Effect.fnUntraced(function* (daysAgo: number) {
  const layers = yield* Effect.forEach(
    Array.from({ length: 40 - daysAgo }, (_, day) => day),
    (day) => Images.layer(`day ${day}`, daily)
  )
  const base = yield* Images.image({ layers: [yield* Images.layer("base", 5000)] })
  const app = yield* Images.image({ layers, config: { os: "linux" } })
  const other = yield* Images.image({ layers: [yield* Images.layer("other", 700)] })
  return [
    repository("group/app", { latest: app }),
    ...(daysAgo > 5 ? [repository("old/gone", { "1.0": other })] : []),
    ...(daysAgo <= 3 ? [repository("group/sub/new", { latest: other, second: other })] : []),
    repository("foo", { history: base }),
    repository("foo/history", { latest: base })
  ]
})

export const snapshotOf = Effect.fnUntraced(function* (
  repositories: ReadonlyArray<Images.Repository>,
  takenAt: DateTime.Utc
) {
  const inventory = yield* Crawl.crawl().pipe(Effect.provide(RegistryMemory.layer({ repositories })))
  return { takenAt, duration: 1, stale: false, usage: Usage.measure(inventory) } satisfies Snapshot.Snapshot
})

/** When the snapshots before the present one were taken: one a day. */
export const taken = (now: DateTime.Utc): ReadonlyArray<DateTime.Utc> =>
  Array.from({ length: 40 }, (_, i) => DateTime.subtractDuration(now, Duration.days(40 - i)))

/** A store that has the forty days before `now`. */
export const store = (now: DateTime.Utc): Layer.Layer<SnapshotStore.SnapshotStore> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { save } = yield* SnapshotStore.SnapshotStore
      for (const [i, instant] of taken(now).entries()) {
        yield* save(yield* snapshotOf(yield* repositories(40 - i), instant))
      }
    }).pipe(Effect.orDie)
  ).pipe(Layer.provideMerge(SnapshotStore.layerMemoryOf({ keep: Number.POSITIVE_INFINITY })))
