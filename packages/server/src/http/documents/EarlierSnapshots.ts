/**
 * Earlier snapshots and figures, as the store keeps them.
 *
 * @since 0.1.0
 */
import { History, type Snapshot, type SnapshotStore } from "@gitlab-registry-usage/core"
import { Cache, DateTime, Duration, Effect, Exit, Option, Semaphore } from "effect"
import { cursorGone } from "../query/ListQuery.ts"
import { notFound, type Problem, unavailable } from "../wire/Problem.ts"

/** So many earlier snapshots stay loaded, and so many are loaded at once. */
const capacity = 3
const maximumLoads = 2
/** So many requests read figures at once. */
const maximumReads = 4
/** How long one reading may take, the time in which it waits for others included. */
const deadline: Duration.Input = "10 seconds"

/**
 * The store keeps the latest snapshot alone.
 *
 * @category errors
 * @since 0.1.0
 */
export const noHistory: Problem = notFound(
  "earlier snapshots are kept with a database only, and this server has none: set path or url in [database]"
)

const unreadable = unavailable("the history could not be read for now", 5)

/** What the store cannot tell, or not in time, is worth asking for again. */
const told = <A, R>(reading: Effect.Effect<A, SnapshotStore.SnapshotStoreError, R>): Effect.Effect<A, Problem, R> =>
  reading.pipe(
    Effect.timeout(deadline),
    Effect.tapError((error) => Effect.logWarning(`the history could not be read: ${error.message}`)),
    Effect.mapError(() => unreadable)
  )

/**
 * Nothing as early as that is kept.
 *
 * @category errors
 * @since 0.1.0
 */
export const tooEarly = (instants: ReadonlyArray<DateTime.Utc>): Problem =>
  notFound(
    instants[0] === undefined
      ? "no snapshot is kept yet"
      : `no snapshot is kept that is as old: the oldest is of ${DateTime.formatIso(instants[0])}`
  )

/**
 * Reads what is past. Everything fails with 503 where the store cannot tell.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (store: SnapshotStore.SnapshotStore["Service"]) {
  const reads = yield* Semaphore.make(maximumReads)
  const loads = yield* Semaphore.make(maximumLoads)
  /** By the instant of the latest snapshot: with a new one there is one more. */
  const instants = yield* Cache.makeWith((_latest: number) => told(reads.withPermits(1)(store.history)), {
    capacity: 2,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.minutes(1) : Duration.zero)
  })
  const snapshots = yield* Cache.makeWith(
    (takenAt: number) =>
      // That nothing was heard of the registry since is no news of the past.
      Effect.map(
        told(loads.withPermits(1)(store.at(DateTime.makeUnsafe(takenAt)))),
        Option.map((snapshot) => (snapshot.stale ? { ...snapshot, stale: false } : snapshot))
      ),
    { capacity, timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.infinity : Duration.zero) }
  )

  const history = (latest: Snapshot.Snapshot): Effect.Effect<ReadonlyArray<DateTime.Utc>, Problem> =>
    Cache.get(instants, DateTime.toEpochMillis(latest.takenAt))

  const load = (takenAt: DateTime.Utc) =>
    Effect.map(Cache.get(snapshots, DateTime.toEpochMillis(takenAt)), Option.getOrUndefined)

  return {
    history,
    /** The snapshot in force at an instant. Fails with 404 where none is kept that is as old. */
    at: Effect.fnUntraced(function* (instant: DateTime.Utc, latest: Snapshot.Snapshot) {
      if (DateTime.isGreaterThanOrEqualTo(instant, latest.takenAt)) return latest
      const kept = yield* history(latest)
      const takenAt = History.lastAt(kept, instant)
      const found = takenAt === undefined ? undefined : yield* load(takenAt)
      return found ?? (yield* tooEarly(kept))
    }),
    /** The snapshot that was taken at this instant (milliseconds since 1970). Fails with 410 where it is not kept. */
    exactly: Effect.fnUntraced(function* (millis: number, latest: Snapshot.Snapshot) {
      const takenAt = (yield* history(latest)).find((taken) => DateTime.toEpochMillis(taken) === millis)
      const found = takenAt === undefined ? undefined : yield* load(takenAt)
      return found !== undefined && DateTime.toEpochMillis(found.takenAt) === millis ? found : yield* cursorGone
    }),
    series: (subject: History.Entity, period: History.Period): Effect.Effect<ReadonlyArray<History.Point>, Problem> =>
      told(reads.withPermits(1)(store.series(subject, period))),
    figuresAt: (
      instant: DateTime.Utc
    ): Effect.Effect<ReadonlyArray<readonly [History.Entity, History.Figures]>, Problem> =>
      told(reads.withPermits(1)(store.figuresAt(instant)))
  }
})

/** @category models @since 0.1.0 */
export type Past = Effect.Success<ReturnType<typeof make>>
