/** Earlier snapshots and figures of the store. */
import { BlobChanges, type Growth, History, type Snapshot, type SnapshotStore } from "@gitlab-registry-usage/core"
import { Cache, DateTime, Duration, Effect, Exit, Option, Semaphore } from "effect"
import { cursorGone } from "../query/ListQuery.ts"
import { notFound, type Problem, unavailable } from "../wire/Problem.ts"

/** So many earlier snapshots stay loaded, and so many are loaded at once. */
const capacity = 3
const maximumLoads = 2
/** So many comparisons of two snapshots are kept, each of some bytes for a repository that changed. */
const comparisons = 16
/** Loading a snapshot takes a second for 30,000 tags: growth of larger ones is measured by their figures alone. */
const maximumTags = 100_000
/** So many requests read figures at once. */
const maximumReads = 4
/** How long one reading may take, the time in which it waits for others included. */
const deadline: Duration.Input = "10 seconds"

/** The store keeps the latest snapshot alone. */
export const noHistory: Problem = notFound(
  "earlier snapshots are kept with a database only, and this server has none: set path or url in [database]"
)

const unreadable = unavailable("the history could not be read for now", 5)

/** Fails with 503, as the client may retry, where the store fails or exceeds the deadline. */
const withDeadline = <A, R>(
  reading: Effect.Effect<A, SnapshotStore.SnapshotStoreError, R>
): Effect.Effect<A, Problem, R> =>
  reading.pipe(
    Effect.timeout(deadline),
    Effect.tapError((error) => Effect.logWarning(`the history could not be read: ${error.message}`)),
    Effect.mapError(() => unreadable)
  )

/** The store has no snapshot as old as that. */
export const tooEarly = (instants: ReadonlyArray<DateTime.Utc>): Problem =>
  notFound(
    instants[0] === undefined
      ? "no snapshot is kept yet"
      : `no snapshot is kept that is as old: the oldest is of ${DateTime.formatIso(instants[0])}`
  )

/** Reads what is past. Everything fails with 503 where the store fails. */
export const make = Effect.fnUntraced(function* (store: SnapshotStore.SnapshotStore["Service"]) {
  const reads = yield* Semaphore.make(maximumReads)
  const loads = yield* Semaphore.make(maximumLoads)
  /** By the instant of the latest snapshot: with a new one there is one more. */
  const instants = yield* Cache.makeWith((_latest: number) => withDeadline(reads.withPermits(1)(store.history)), {
    capacity: 2,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.minutes(1) : Duration.zero)
  })
  const snapshots = yield* Cache.makeWith(
    (takenAt: number) =>
      // `stale` says that the latest snapshot is old; an earlier one is not stale for that.
      Effect.map(
        withDeadline(loads.withPermits(1)(store.at(DateTime.makeUnsafe(takenAt)))),
        Option.map((snapshot) => (snapshot.stale ? { ...snapshot, stale: false } : snapshot))
      ),
    { capacity, timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.infinity : Duration.zero) }
  )

  const compared = yield* Cache.make<string, Growth.Changes | undefined>({
    capacity: comparisons,
    lookup: () => Effect.undefined
  })

  const history = (latest: Snapshot.Snapshot): Effect.Effect<ReadonlyArray<DateTime.Utc>, Problem> =>
    Cache.get(instants, DateTime.toEpochMillis(latest.takenAt))

  const load = (takenAt: DateTime.Utc) =>
    Effect.map(Cache.get(snapshots, DateTime.toEpochMillis(takenAt)), Option.getOrUndefined)

  const figuresAt = (
    instant: DateTime.Utc
  ): Effect.Effect<ReadonlyArray<readonly [History.Entity, History.Figures]>, Problem> =>
    withDeadline(reads.withPermits(1)(store.figuresAt(instant)))

  const series = (
    subject: History.Entity,
    period: History.Period
  ): Effect.Effect<ReadonlyArray<History.Point>, Problem> =>
    withDeadline(reads.withPermits(1)(store.series(subject, period)))

  /** What came and left between two snapshots; undefined where one of them is too large, or gone by now. */
  const changesSince = Effect.fnUntraced(function* (
    { from, to }: History.Period,
    tags: number,
    latest: Snapshot.Snapshot
  ) {
    if (tags > maximumTags) return undefined
    const key = `${DateTime.toEpochMillis(from)} ${DateTime.toEpochMillis(to)} ${latest.usage.accounting}`
    const known = yield* Cache.get(compared, key)
    if (known !== undefined) return known
    const before = yield* load(from)
    const after = DateTime.Equivalence(to, latest.takenAt) ? latest : yield* load(to)
    if (before === undefined || after === undefined) return undefined
    const changes = BlobChanges.compare(before.usage, after.usage)
    yield* Cache.set(compared, key, changes)
    return changes
  })

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
    series,
    figuresAt,
    /** What growth is measured on. */
    growthOf: (latest: Snapshot.Snapshot): Growth.GrowthSource<Problem> => ({
      figuresAt,
      series,
      // The figures answer most of the question where a snapshot cannot be loaded in time.
      changes: (period, tags) => Effect.orElseSucceed(changesSince(period, tags, latest), () => undefined)
    })
  }
})

export type Past = Effect.Success<ReturnType<typeof make>>
