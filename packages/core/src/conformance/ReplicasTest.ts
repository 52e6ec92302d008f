/**
 * What a `SnapshotStore` and a `Leadership` do together that replicas share.
 *
 * @since 0.1.0
 */
import { expect, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Option, Queue, Schema, Stream } from "effect"
import { figuresOf } from "../history/History.ts"
import type { Leadership, Term } from "../snapshot/Leadership.ts"
import type { Snapshot } from "../snapshot/Snapshot.ts"
import type { Published, SnapshotStore } from "../snapshot/SnapshotStore.ts"
import { snapshots } from "./Changes.ts"
import { contentsOf } from "./Contents.ts"
import { check, type Group } from "./Replicas.ts"

/**
 * What a replica has.
 *
 * @category models
 * @since 0.1.0
 */
export interface Replica {
  readonly store: SnapshotStore["Service"]
  readonly leadership: Leadership["Service"]
}

/** Leads until interrupted. */
const reign = Effect.fnUntraced(function* ({ leadership }: Replica) {
  const terms = yield* Queue.unbounded<Term>()
  const fiber = yield* Effect.forkChild(
    leadership.lead((term) => Effect.andThen(Queue.offer(terms, term), Effect.never))
  )
  return { fiber, term: yield* Effect.timeout(Queue.take(terms), "10 seconds") }
})

/** Compares what a replica loads with what was saved. */
const expectLatest = Effect.fnUntraced(function* ({ store }: Replica, saved: Snapshot) {
  const loaded = Option.getOrThrow(yield* store.load)
  expect([loaded.takenAt, loaded.duration]).toEqual([saved.takenAt, saved.duration])
  expect(contentsOf(loaded.usage.inventory)).toEqual(contentsOf(saved.usage.inventory))
  expect(figuresOf(loaded.usage)).toEqual(figuresOf(saved.usage))
})

const Seeds = Schema.Array(Schema.Int).check(Schema.isMinLength(2), Schema.isMaxLength(8))
const Chosen = Schema.Array(Schema.Boolean).check(Schema.isMinLength(8), Schema.isMaxLength(8))

/**
 * Declares the tests, with the live clock. `group` begins empty; each use of its effect is one more replica.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E, F>(name: string, group: Group<Replica, E, F>): void => {
  const test = check(name, group)
  test("who led before may not save any more, and the other goes on from what is stored", function* (join) {
    const [one, other] = [yield* join, yield* join]
    const all = snapshots([1, 2, 3, 4, 5, 6]).map((snapshot) => ({ ...snapshot, stale: false }))
    const first = yield* reign(one)
    yield* one.store.save(all[0]!, first.term)
    yield* one.store.save(all[1]!, first.term)
    yield* Fiber.interrupt(first.fiber)
    const second = yield* reign(other)
    for (const refused of [one.store.save(all[2]!, first.term), one.store.markStale(first.term)]) {
      const error = yield* Effect.flip(refused)
      expect(error.reason).toMatchObject({ _tag: "Superseded", newest: second.term.generation })
    }
    for (const { store } of [one, other]) {
      const loaded = Option.getOrThrow(yield* store.load)
      expect(loaded.stale).toBe(false)
      expect(contentsOf(loaded.usage.inventory)).toEqual(contentsOf(all[1]!.usage.inventory))
    }
    yield* other.store.save(all[3]!, second.term)
    yield* Fiber.interrupt(second.fiber)
    // What the other saved meanwhile is what is gone on from.
    const third = yield* reign(one)
    yield* one.store.save(all[4]!, third.term)
    const loaded = Option.getOrThrow(yield* other.store.load)
    expect(contentsOf(loaded.usage.inventory)).toEqual(contentsOf(all[4]!.usage.inventory))
    const before = Option.getOrThrow(yield* other.store.at(all[3]!.takenAt))
    expect(contentsOf(before.usage.inventory)).toEqual(contentsOf(all[3]!.usage.inventory))
    yield* Fiber.interrupt(third.fiber)
  })

  test("what one publishes reaches the other within a second, and that it is stale", function* (join) {
    const [one, other] = [yield* join, yield* join]
    const all = snapshots([1, 2, 3]).map((snapshot, i) => ({
      ...snapshot,
      takenAt: DateTime.makeUnsafe(1_800_000_000_000 + i),
      stale: false
    }))
    yield* one.store.save(all[0]!)
    yield* other.store.load
    // Between what was loaded and the begin of listening nothing is lost.
    yield* one.store.save(all[1]!)
    const heard = yield* Queue.unbounded<Published>()
    yield* Effect.forkScoped(Stream.runForEach(other.store.published, (published) => Queue.offer(heard, published)))
    const next = Effect.timeout(Queue.take(heard), "1 second")
    expect(yield* next).toEqual({ takenAt: all[1]!.takenAt, stale: false })
    yield* one.store.save(all[2]!)
    expect(yield* next).toEqual({ takenAt: all[2]!.takenAt, stale: false })
    yield* one.store.markStale()
    expect(yield* next).toEqual({ takenAt: all[2]!.takenAt, stale: true })
    yield* one.store.markStale()
    yield* Effect.sleep("1200 millis")
    expect(yield* Queue.size(heard)).toBe(0)
    expect(Option.getOrThrow(yield* other.store.load).stale).toBe(true)
  })

  it.effect.prop(
    `${name}: who loads now and then has what was saved last, whatever was saved and forgotten in between`,
    [Seeds, Chosen, Chosen],
    ([seeds, loads, forgets]) =>
      Effect.gen(function* () {
        const join = yield* group
        const [one, other] = [yield* join, yield* join]
        const [next, ...earlier] = snapshots([...seeds, 1]).toReversed()
        const all = earlier.toReversed()
        for (const [i, snapshot] of all.entries()) {
          yield* one.store.save(snapshot)
          if (loads[i]!) yield* expectLatest(other, snapshot)
          if (i > 0 && forgets[i]!) yield* one.store.forget([all[i - 1]!.takenAt])
        }
        yield* expectLatest(other, all.at(-1)!)
        yield* expectLatest(other, all.at(-1)!)
        // What is saved next goes on from what was loaded.
        yield* other.store.save(next!)
        for (const replica of [one, other, yield* join]) yield* expectLatest(replica, next!)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 15, maxShrinks: 60 }, timeout: 120_000 }
  )
}
