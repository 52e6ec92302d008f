/**
 * What every `SnapshotStore` does.
 *
 * @since 0.1.0
 */
import { expect, it, layer as withLayer } from "@effect/vitest"
import { DateTime, Effect, type Layer, Option } from "effect"
import { crawl } from "../inventory/Crawl.ts"
import { figuresOf, wholeRegistry } from "../history/History.ts"
import type { Repository } from "../inventory/Inventory.ts"
import { RepositoryName, TagName } from "../registry/Names.ts"
import type { Snapshot } from "../snapshot/Snapshot.ts"
import { SnapshotStore } from "../snapshot/SnapshotStore.ts"
import * as Images from "../testing/Images.ts"
import * as RegistryMemory from "../testing/RegistryMemory.ts"
import { blobsOf, tagManifest } from "../usage/TagContents.ts"
import { foreignSize, measure, tagSizes, total, type Usage } from "../usage/Usage.ts"
import { snapshots } from "./Changes.ts"
import { contentsOf } from "./Contents.ts"
import * as HistoryTest from "./HistoryTest.ts"

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

/** What every tag of a repository costs, and what it consists of. */
const tagFigures = (usage: Usage) => (repository: Repository, r: number) =>
  repository.tagNames.map((name, i) => {
    const tag = usage.tagStarts[r]! + i
    return {
      name,
      sizes: tagSizes(usage, tag),
      foreign: foreignSize(usage, tag),
      manifest: tagManifest(usage, r, tag),
      blobs: blobsOf(usage, r, tag)
    }
  })

/** @category options @since 0.1.0 */
export interface Options {
  /** Whether the store keeps earlier snapshots. */
  readonly keepsHistory?: boolean | undefined
  /** Whether it refuses what is saved with an earlier term than another. */
  readonly fences?: boolean | undefined
}

/**
 * Declares the tests for the stores that the layer gives. Each build of the layer must begin empty, and measure by the
 * accounting `all`.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<SnapshotStore, E>, options: Options = {}): void => {
  const fresh = (title: string, test: (store: SnapshotStore["Service"]) => Effect.fn.Return<void, unknown>) =>
    it.live(`${name}: ${title}`, () => Effect.provide(Effect.flatMap(SnapshotStore, Effect.fnUntraced(test)), layer))

  fresh("an empty store has nothing, which is no error", function* (store) {
    expect(Option.isNone(yield* store.load)).toBe(true)
    expect(yield* store.history).toEqual([])
    const instant = DateTime.makeUnsafe("2026-01-02T00:00:00Z")
    expect(Option.isNone(yield* store.at(instant))).toBe(true)
    expect(yield* store.figuresAt(instant)).toEqual([])
    expect(yield* store.series(wholeRegistry, { from: instant, to: instant })).toEqual([])
    expect(yield* store.forget([instant])).toBe(0)
    yield* store.markStale()
    expect(store.keepsHistory).toBe(options.keepsHistory ?? false)
  })

  fresh("what was saved is loaded, as stale where the store does not know", function* (store) {
    const saved = yield* snapshotOf("2026-01-02T03:04:05.678Z", [100, 200])
    yield* store.save(saved)
    const loaded = Option.getOrThrow(yield* store.load)
    expect(contentsOf(loaded.usage.inventory)).toEqual(contentsOf(saved.usage.inventory))
    expect(figuresOf(loaded.usage)).toEqual(figuresOf(saved.usage))
    expect(total(loaded.usage)).toEqual(total(saved.usage))
    expect({ ...loaded, usage: null, stale: true }).toEqual({ ...saved, usage: null, stale: true })
    expect(yield* store.history).toEqual([saved.takenAt])
    const later = DateTime.add(saved.takenAt, { days: 1 })
    expect(contentsOf(Option.getOrThrow(yield* store.at(later)).usage.inventory)).toEqual(
      contentsOf(saved.usage.inventory)
    )
    expect(new Map(yield* store.figuresAt(later)).size).toBe(figuresOf(saved.usage).length)
  })

  fresh("a snapshot that was marked as stale is stale", function* (store) {
    yield* store.save(yield* snapshotOf("2026-01-01T00:00:00Z", [100]))
    yield* store.markStale()
    expect(Option.getOrThrow(yield* store.load).stale).toBe(true)
  })

  fresh("the snapshot saved last is the one that is loaded, whatever changed", function* (store) {
    const small = [
      yield* snapshotOf("2026-01-01T00:00:00Z", [100, 200, 300]),
      yield* snapshotOf("2026-01-02T00:00:00Z", [50])
    ]
    const odd = snapshots(Array.from({ length: 30 }, (_, i) => i)).map((snapshot, i) => ({
      ...snapshot,
      takenAt: DateTime.makeUnsafe(Date.UTC(2026, 1, 1, 0, i))
    }))
    for (const saved of [...small, ...odd]) {
      yield* store.save(saved)
      const loaded = Option.getOrThrow(yield* store.load)
      expect(loaded.takenAt).toEqual(saved.takenAt)
      expect(contentsOf(loaded.usage.inventory)).toEqual(contentsOf(saved.usage.inventory))
      expect(figuresOf(loaded.usage)).toEqual(figuresOf(saved.usage))
      expect(loaded.usage.inventory.repositories.map(tagFigures(loaded.usage))).toEqual(
        saved.usage.inventory.repositories.map(tagFigures(saved.usage))
      )
    }
  })

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
        const saved = all.find(({ takenAt }) => DateTime.Equivalence(takenAt, loaded.takenAt))!
        expect(contentsOf(loaded.usage.inventory)).toEqual(contentsOf(saved.usage.inventory))
      })
    )
  })

  if (options.fences === true) {
    fresh("what is saved with an earlier term than another is refused, and changes nothing", function* (store) {
      const [first, second] = [
        yield* snapshotOf("2026-01-01T00:00:00Z", [100]),
        yield* snapshotOf("2026-01-02T00:00:00Z", [50])
      ]
      yield* store.save(first, { generation: 1 })
      yield* store.save(second, { generation: 3 })
      const error = yield* Effect.flip(store.save(first, { generation: 2 }))
      expect(error.reason).toMatchObject({ _tag: "Superseded", generation: 2, newest: 3 })
      expect(Option.getOrThrow(yield* store.load).takenAt).toEqual(second.takenAt)
      yield* store.save(first, { generation: 3 })
      yield* store.save(second)
    })
  }

  if (options.keepsHistory === true) HistoryTest.suite(name, layer)
}
