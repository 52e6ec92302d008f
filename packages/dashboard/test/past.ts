/**
 * A registry with a past of sixty days: one image grows each day, one cannot be read for a while, one comes and one goes.
 */
import { Crawl, Names, Registry, type Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { DateTime, Duration, Effect, Layer } from "effect"

/** So many days were looked at before today. */
export const days = 60

const repository = (
  name: string,
  tags: Record<string, Images.Image>,
  unreadable?: Registry.RegistryReason
): Images.Repository => ({
  name: Names.RepositoryName.make(name),
  tags: Object.entries(tags).map(([tag, image]) => ({ name: Names.TagName.make(tag), image })),
  unreadable
})

const imageOf = (seed: string, size: number, base?: Images.Blob) =>
  Effect.flatMap(Images.layer(seed, size), (layer) =>
    Images.image({ layers: base === undefined ? [layer] : [base, layer] })
  )

/** The repositories so many days ago. */
export const repositories = (daysAgo: number): Promise<ReadonlyArray<Images.Repository>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const base = yield* Images.layer("base", 60_000)
      const builds = yield* Effect.forEach(
        Array.from({ length: days + 1 - daysAgo }, (_, day) => day),
        Effect.fnUntraced(function* (day) {
          return [`build-${day}`, yield* imageOf(`build ${day}`, 4000 + ((day * 7919) % 3000), base)] as const
        })
      )
      const vault = yield* imageOf("vault", 30_000)
      const isDenied = daysAgo >= 8 && daysAgo <= 12
      return [
        repository("acme/shop/api", Object.fromEntries(builds)),
        repository("acme/shop/web", { latest: yield* imageOf(`web ${Math.floor(daysAgo / 20)}`, 90_000, base) }),
        repository(
          "acme/vault/secrets",
          { "1.0": vault },
          isDenied ? new Registry.Denied({ detail: "denied" }) : undefined
        ),
        ...(daysAgo > 5 ? [repository("acme/old/legacy", { "0.9": yield* imageOf("legacy", 80_000) })] : []),
        ...(daysAgo <= 3 ? [repository("library/tools/scanner", { "2.1": yield* imageOf("scanner", 50_000) })] : []),
        repository("library/base/debian", { "12": yield* imageOf("debian", 120_000) })
      ]
    })
  )

/** A store that has the days before `now`, or so many of the last ones. */
export const store = (now: DateTime.Utc, kept = days): Layer.Layer<SnapshotStore.SnapshotStore> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { save } = yield* SnapshotStore.SnapshotStore
      for (let daysAgo = kept; daysAgo > 0; daysAgo--) {
        const then = yield* Effect.promise(() => repositories(daysAgo))
        const inventory = yield* Effect.provide(Crawl.crawl(), RegistryMemory.layer({ repositories: then }))
        const snapshot: Snapshot.Snapshot = {
          takenAt: DateTime.subtractDuration(now, Duration.days(daysAgo)),
          duration: 1000,
          stale: false,
          usage: Usage.measure(inventory)
        }
        yield* save(snapshot)
      }
    }).pipe(Effect.orDie)
  ).pipe(Layer.provideMerge(SnapshotStore.layerMemoryOf({ keep: Number.POSITIVE_INFINITY })))
