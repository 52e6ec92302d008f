/**
 * What every `SnapshotStore` does.
 *
 * @since 0.1.0
 */
import { expect, it, layer as withLayer } from "@effect/vitest"
import { DateTime, Effect, type Layer, Option } from "effect"
import { crawl } from "../Crawl.ts"
import { RepositoryName, TagName } from "../Names.ts"
import type { Snapshot } from "../Snapshot.ts"
import { SnapshotStore } from "../SnapshotStore.ts"
import * as Images from "../testing/Images.ts"
import * as RegistryMemory from "../testing/RegistryMemory.ts"
import { measure, total } from "../Usage.ts"

/**
 * A snapshot of one repository with a tag for each size of a layer.
 *
 * @category testing
 * @since 0.1.0
 */
export const snapshotOf = Effect.fnUntraced(function* (takenAt: string, sizes: ReadonlyArray<number>) {
  const tags = yield* Effect.forEach(sizes, (size, n) =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer(`layer ${n}`, size)] })
      return { name: TagName.make(`t${n}`), image }
    })
  )
  const registry = RegistryMemory.layer({ repositories: [{ name: RepositoryName.make("group/app"), tags }] })
  const snapshot: Snapshot = {
    takenAt: DateTime.makeUnsafe(takenAt),
    duration: 12,
    stale: false,
    usage: measure(yield* Effect.provide(crawl(), registry))
  }
  return snapshot
})

/**
 * Declares the tests for the stores that the layer gives. Each build of the layer must begin empty.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<SnapshotStore, E>): void => {
  const fresh = (title: string, test: Effect.Effect<void, unknown, SnapshotStore>) =>
    it.live(`${name}: ${title}`, () => Effect.provide(test, layer))

  fresh(
    "an empty store has nothing, which is no error",
    Effect.gen(function* () {
      const store = yield* SnapshotStore
      expect(Option.isNone(yield* store.load)).toBe(true)
      expect(yield* store.history).toEqual([])
    })
  )

  fresh(
    "what was saved is loaded, as stale",
    Effect.gen(function* () {
      const store = yield* SnapshotStore
      const saved = yield* snapshotOf("2026-01-02T03:04:05.678Z", [100, 200])
      yield* store.save(saved)
      const loaded = Option.getOrThrow(yield* store.load)
      expect(loaded.usage.inventory).toEqual(saved.usage.inventory)
      expect(total(loaded.usage)).toEqual(total(saved.usage))
      expect({ ...loaded, usage: null }).toEqual({ ...saved, usage: null, stale: true })
      expect(yield* store.history).toContainEqual(saved.takenAt)
    })
  )

  fresh(
    "the snapshot saved last is the one that is loaded",
    Effect.gen(function* () {
      const store = yield* SnapshotStore
      const [first, second] = [
        yield* snapshotOf("2026-01-01T00:00:00Z", [100, 200, 300]),
        yield* snapshotOf("2026-01-02T00:00:00Z", [50])
      ]
      yield* store.save(first)
      yield* store.save(second)
      const loaded = Option.getOrThrow(yield* store.load)
      expect(loaded.takenAt).toEqual(second.takenAt)
      expect(loaded.usage.inventory).toEqual(second.usage.inventory)
    })
  )

  withLayer(layer)((it) => {
    it.effect(`${name}: saves at the same time leave one whole snapshot`, () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const all = yield* Effect.forEach([1, 2, 3, 4, 5], (n) =>
          snapshotOf(
            `2026-01-0${n}T00:00:00Z`,
            Array.from({ length: n }, () => n * 10)
          )
        )
        yield* Effect.forEach(all, (snapshot) => store.save(snapshot), { concurrency: "unbounded", discard: true })
        const loaded = Option.getOrThrow(yield* store.load)
        const saved = all.find(({ takenAt }) => DateTime.Equivalence(takenAt, loaded.takenAt))
        expect(loaded.usage.inventory).toEqual(saved?.usage.inventory)
      })
    )
  })
}
