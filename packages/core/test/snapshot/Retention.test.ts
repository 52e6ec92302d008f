import { Leadership, Retention, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { inventoryOf } from "../model.ts"

const start = DateTime.toEpochMillis(DateTime.makeUnsafe("2024-01-31T22:17:00Z"))
const [hour, day] = [3_600_000, 86_400_000]
const utc = (millis: number) => DateTime.makeUnsafe(millis)
const millis = (instants: ReadonlyArray<DateTime.Utc>) => instants.map(DateTime.toEpochMillis)

/** What is left of all instants when `now` comes, by the words of the policy. */
const left = (
  all: ReadonlyArray<number>,
  now: number,
  { daily, hourly, kept }: Record<"daily" | "hourly" | "kept", number>
) =>
  all.filter((t) => {
    const isLast = (step: number) =>
      !all.some((other) => other > t && Math.floor(other / step) === Math.floor(t / step))
    const age = now - t
    return t === Math.max(...all) || age <= kept || (age <= hourly && isLast(hour)) || (age <= daily && isLast(day))
  })

const policyOf = ({ daily, hourly, kept }: Record<"daily" | "hourly" | "kept", number>): Retention.Policy => ({
  all: Duration.millis(kept),
  hourly: Duration.millis(hourly),
  daily: Duration.millis(daily)
})

describe("Retention", () => {
  it("years of pruning every hour leave what the policy says of all there ever was (property)", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 60_000, max: 20 * hour }), { minLength: 1, maxLength: 120 }),
        fc.record({
          kept: fc.integer({ min: 0, max: 5 * hour }),
          hourly: fc.integer({ min: 0, max: 20 * day }),
          daily: fc.integer({ min: 0, max: 200 * day })
        }),
        fc.integer({ min: hour, max: 50 * hour }),
        (gaps, policy, rhythm) => {
          const all: Array<number> = []
          let [at, kept, pruned] = [start, [] as ReadonlyArray<number>, start]
          for (const gap of gaps) {
            at += gap
            all.push(at)
            kept = [...kept, at]
            while (pruned + rhythm <= at) {
              pruned += rhythm
              // What comes later is not known then.
              const known = kept.filter((t) => t <= pruned)
              if (known.length === 0) continue
              const forgotten = new Set(millis(Retention.select(known.map(utc), policyOf(policy), utc(pruned))))
              kept = kept.filter((t) => !forgotten.has(t))
            }
          }
          const forgotten = new Set(millis(Retention.select(kept.map(utc), policyOf(policy), utc(at))))
          expect(kept.filter((t) => !forgotten.has(t))).toEqual(left(all, at, policy))
        }
      ),
      { numRuns: 30 }
    ))

  it("half a year of crawls every quarter of an hour, pruned every hour", () => {
    const policy = { kept: 2 * hour, hourly: 10 * day, daily: 60 * day }
    const all: Array<number> = []
    let kept: ReadonlyArray<number> = []
    for (let now = start; now < start + 180 * day; now += hour) {
      const crawled = [0, 1, 2, 3].map((quarter) => now - hour + (quarter + 1) * 900_000)
      all.push(...crawled)
      kept = [...kept, ...crawled]
      const forgotten = new Set(millis(Retention.select(kept.map(utc), policyOf(policy), utc(now))))
      kept = kept.filter((t) => !forgotten.has(t))
    }
    expect(kept).toEqual(left(all.slice(-65 * 96), all.at(-1)!, policy))
    expect(kept.length).toBeLessThan(9 + 240 + 60)
  })

  it("to forget twice is to forget once, in any order, and never the newest (property)", () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 900 * day }), { minLength: 1, maxLength: 200 }),
        fc.nat(900 * day),
        (offsets, later) => {
          const instants = offsets.map((offset) => utc(start + offset))
          const now = utc(start + 900 * day + later)
          const forgotten = new Set(millis(Retention.select(instants, {}, now)))
          const kept = instants.filter((instant) => !forgotten.has(DateTime.toEpochMillis(instant)))
          expect(Retention.select(kept, {}, now)).toEqual([])
          expect(new Set(millis(Retention.select(instants.toReversed(), {}, now)))).toEqual(forgotten)
          expect(forgotten.has(start + Math.max(...offsets))).toBe(false)
        }
      )
    ))

  it("by default: all of two hours, hourly for a month, daily for two years", () => {
    const now = start + 800 * day
    const all = Array.from({ length: 800 * 24 * 6 }, (_, i) => utc(now - i * 600_000)).toReversed()
    const kept = all.length - Retention.select(all, {}, utc(now)).length
    // 13 in two hours, 742 more hours, 701 more days: each border may share one.
    expect(kept).toBeGreaterThan(13 + 740 + 698)
    expect(kept).toBeLessThan(13 + 744 + 702)
    expect(Retention.select([], {}, utc(now))).toEqual([])
  })
})

const snapshotAt = (takenAt: DateTime.Utc) => ({
  takenAt,
  duration: 1,
  stale: false,
  usage: Usage.measure(inventoryOf({ layers: [], images: [], indexes: [], repositories: [] }))
})

const seeded = Layer.effectDiscard(
  Effect.gen(function* () {
    const { save } = yield* SnapshotStore.SnapshotStore
    const now = yield* DateTime.now
    for (let i = 72; i >= 0; i--) yield* save(snapshotAt(DateTime.subtractDuration(now, Duration.minutes(i * 20))))
  })
).pipe(Layer.provideMerge(SnapshotStore.layerMemoryOf({ keep: Infinity })))

const count = Effect.gen(function* () {
  return (yield* (yield* SnapshotStore.SnapshotStore).history).length
})

describe("Retention in the background", () => {
  it.effect("forgets some minutes after the start, and again about every hour", () =>
    Effect.gen(function* () {
      yield* Effect.forkScoped(Layer.launch(Retention.layer()))
      yield* TestClock.adjust("4 minutes")
      expect(yield* count).toBe(73)
      yield* TestClock.adjust("1 minute")
      const first = yield* count
      expect(first).toBeLessThan(40)
      yield* TestClock.adjust("73 minutes")
      expect(yield* count).toBeLessThan(first)
    }).pipe(Effect.provide(seeded), Effect.scoped)
  )

  it.effect("is left to the replica that leads", () =>
    Effect.gen(function* () {
      const replica = yield* Leadership.makeGroup
      const [leader, follower] = [yield* replica, yield* replica]
      yield* Effect.forkScoped(leader.lead(() => Effect.never))
      yield* Effect.yieldNow
      const run = (leadership: Leadership.Leadership["Service"]) =>
        Effect.provideService(Retention.prune({}), Leadership.Leadership, leadership)
      expect(yield* run(follower)).toBe(0)
      expect(yield* count).toBe(73)
      expect(yield* run(leader)).toBeGreaterThan(30)
    }).pipe(Effect.provide(seeded), Effect.scoped)
  )

  it.effect("goes on after the store failed, and leaves a store alone that keeps no history", () => {
    const lines: Array<string> = []
    const reason = new SnapshotStore.StoreUnavailable({ detail: "no connection" })
    const failing = new SnapshotStore.SnapshotStoreError({ operation: "history", reason })
    let asked = 0
    const store = (keepsHistory: boolean) =>
      SnapshotStore.make({
        load: Effect.succeedNone,
        save: () => Effect.void,
        keepsHistory,
        history: Effect.suspend(() => (++asked, Effect.fail(failing)))
      })
    const run = (keepsHistory: boolean) =>
      Effect.gen(function* () {
        yield* Effect.forkScoped(Layer.launch(Retention.layer()))
        yield* TestClock.adjust("3 hours")
      }).pipe(
        Effect.provideService(SnapshotStore.SnapshotStore, store(keepsHistory)),
        Effect.provide(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))])),
        Effect.provideService(References.MinimumLogLevel, "All"),
        Effect.scoped
      )
    return Effect.gen(function* () {
      yield* run(false)
      expect(asked).toBe(0)
      yield* run(true)
      expect(asked).toBeGreaterThanOrEqual(3)
      expect(lines.filter((line) => line.includes("no connection")).length).toBe(asked)
    })
  })
})
