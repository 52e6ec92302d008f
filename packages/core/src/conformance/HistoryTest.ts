/**
 * What every `SnapshotStore` does that keeps earlier snapshots, compared with a list of them.
 *
 * @since 0.1.0
 */
import { expect, it } from "@effect/vitest"
import { DateTime, Effect, type Layer, Option, Schema } from "effect"
import { figuresOf, type Entity, wholeRegistry } from "../history/History.ts"
import type { Snapshot } from "../snapshot/Snapshot.ts"
import { SnapshotStore } from "../snapshot/SnapshotStore.ts"
import { snapshots } from "./Changes.ts"
import { contentsOf } from "./Contents.ts"

const key = ({ _tag, path }: Entity) => `${_tag} ${path}`

/** Oldest first; of two of the same instant the one that was saved later is the last. */
const inOrder = (kept: ReadonlyArray<Snapshot>) =>
  kept.toSorted((a, b) => DateTime.toEpochMillis(a.takenAt) - DateTime.toEpochMillis(b.takenAt))

const inForce = (kept: ReadonlyArray<Snapshot>, instant: DateTime.Utc) =>
  inOrder(kept).findLast(({ takenAt }) => DateTime.isLessThanOrEqualTo(takenAt, instant))

const figuresByKey = (snapshot: Snapshot | undefined) =>
  Object.fromEntries((snapshot === undefined ? [] : figuresOf(snapshot.usage)).map(([entity, of]) => [key(entity), of]))

/** Compares all that the store says with a list of the snapshots that it keeps, the latest of all being the last. */
const compare = Effect.fnUntraced(function* (kept: ReadonlyArray<Snapshot>) {
  const store = yield* SnapshotStore
  const ordered = inOrder(kept)
  expect(yield* store.history).toEqual(ordered.map(({ takenAt }) => takenAt))
  const latest = Option.getOrThrow(yield* store.load)
  expect(latest.takenAt).toEqual(kept.at(-1)!.takenAt)
  expect(contentsOf(latest.usage.inventory)).toEqual(contentsOf(kept.at(-1)!.usage.inventory))
  const early = DateTime.subtract(ordered[0]!.takenAt, { seconds: 1 })
  for (const instant of [early, ...ordered.map(({ takenAt }) => DateTime.add(takenAt, { seconds: 1 }))]) {
    const expected = inForce(kept, instant)
    const found = Option.getOrUndefined(yield* store.at(instant))
    expect(found === undefined).toBe(expected === undefined)
    expect(figuresByKey(found)).toEqual(figuresByKey(expected))
    if (found !== undefined && expected !== undefined) {
      expect(contentsOf(found.usage.inventory)).toEqual(contentsOf(expected.usage.inventory))
      expect([found.takenAt, found.duration]).toEqual([expected.takenAt, expected.duration])
    }
    const figures = (yield* store.figuresAt(instant)).map(([entity, of]) => [key(entity), of])
    expect(Object.fromEntries(figures)).toEqual(figuresByKey(expected))
    if (expected !== undefined) expect(figures[0]![0]).toBe(key(wholeRegistry))
  }
  const entities = new Map(kept.flatMap(({ usage }) => figuresOf(usage)).map(([entity]) => [key(entity), entity]))
  const period = { from: ordered[0]!.takenAt, to: ordered.at(-1)!.takenAt }
  for (const entity of entities.values()) {
    const expected = ordered.map((snapshot) => ({
      takenAt: snapshot.takenAt,
      figures: figuresByKey(snapshot)[key(entity)]
    }))
    expect(yield* store.series(entity, period)).toEqual(expected)
    const inner = { from: DateTime.add(period.from, { seconds: 1 }), to: DateTime.subtract(period.to, { seconds: 1 }) }
    expect(yield* store.series(entity, inner)).toEqual(
      expected.filter(({ takenAt }) => DateTime.between(takenAt, { minimum: inner.from, maximum: inner.to }))
    )
  }
})

/**
 * Declares the tests. Each build of the layer must begin empty; it measures by the accounting `all`.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<SnapshotStore, E>): void => {
  const Seeds = Schema.Array(Schema.Int).check(Schema.isMinLength(1), Schema.isMaxLength(6))
  const Chosen = Schema.Array(Schema.Boolean).check(Schema.isMinLength(6), Schema.isMaxLength(6))

  it.effect.prop(
    `${name}: keeps every snapshot, whatever changed, and forgets those that it should`,
    [Seeds, Chosen, Seeds],
    ([before, chosen, after]) =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const all = snapshots([...before, ...after])
        const early = all.slice(0, before.length)
        for (const snapshot of early) yield* store.save(snapshot)
        yield* compare(early)
        const wanted = early.filter((_, i) => chosen[i]!)
        const forgotten = wanted.filter((snapshot) => snapshot !== early.at(-1))
        expect(yield* store.forget(wanted.map(({ takenAt }) => takenAt))).toBe(forgotten.length)
        const left = early.filter((snapshot) => !forgotten.includes(snapshot))
        yield* compare(left)
        for (const snapshot of all.slice(before.length)) yield* store.save(snapshot)
        const kept = [...left, ...all.slice(before.length)]
        yield* compare(kept)
        // All but the latest.
        expect(yield* store.forget(kept.map(({ takenAt }) => takenAt))).toBe(kept.length - 1)
        yield* compare(kept.slice(-1))
      }).pipe(Effect.provide(layer)),
    { arbitrary: { runs: 12, maxShrinks: 60 }, timeout: 120_000 }
  )
}
