/** Reads earlier snapshots and time series from the store. */
import { BlobChanges, type Growth, History, type Snapshot, type SnapshotStore } from "@gitlab-registry-usage/core"
import { Cache, DateTime, Duration, Effect, Exit, Option, Semaphore } from "effect"
import { cursorGone } from "../query/ListQuery.ts"
import { notFound, type Problem, unavailable } from "../wire/Problem.ts"

/** How many earlier snapshots stay in memory, and how many are loaded at once. */
const capacity = 3
const maximumLoads = 2
/** How many comparisons of two snapshots stay in memory, each of some bytes for a repository that changed. */
const comparisons = 16
/** Loading a snapshot takes a second for 30,000 tags: growth of larger ones is measured by their figures alone. */
const maximumTags = 100_000
/** How many requests read time series at once. */
const maximumReads = 4
/** How long a read may take, including the wait for other reads. */
const deadline: Duration.Input = "10 seconds"

/** The error if the store keeps only the latest snapshot. */
export const noHistory: Problem = notFound(
  "earlier snapshots are kept with a database only, and this server has none: set path or url in [database]"
)

const unreadable = unavailable("the history could not be read for now", 5)

/** Fails with 503, so that the client retries, if the store fails or exceeds the deadline. */
const withDeadline = <A, R>(
  reading: Effect.Effect<A, SnapshotStore.SnapshotStoreError, R>
): Effect.Effect<A, Problem, R> =>
  reading.pipe(
    Effect.timeout(deadline),
    Effect.tapError((error) => Effect.logWarning(`the history could not be read: ${error.message}`)),
    Effect.mapError(() => unreadable)
  )

/** The error of an instant before the first snapshot. */
export const tooEarly = (instants: ReadonlyArray<DateTime.Utc>, instant: DateTime.Utc): Problem =>
  notFound(
    instants[0] === undefined
      ? "no snapshot is kept yet"
      : `no snapshot is kept that is as old as ${DateTime.formatIso(instant)}: the oldest is of ${DateTime.formatIso(instants[0])}`
  )

/** Reads earlier snapshots and time series. Each read fails with 503 if the store fails. */
export const make = Effect.fnUntraced(function* (store: SnapshotStore.SnapshotStore["Service"]) {
  const reads = yield* Semaphore.make(maximumReads)
  const loads = yield* Semaphore.make(maximumLoads)
  /** The key is the instant of the latest snapshot, because each new snapshot adds an instant. */
  const instants = yield* Cache.makeWith((_latest: number) => withDeadline(reads.withPermits(1)(store.history)), {
    capacity: 2,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.minutes(1) : Duration.zero)
  })
  const snapshots = yield* Cache.makeWith(
    (takenAt: number) =>
      // `stale` means that the latest snapshot should have been refreshed; it does not apply to earlier ones.
      Effect.map(
        withDeadline(loads.withPermits(1)(store.at(DateTime.makeUnsafe(takenAt)))),
        Option.map((snapshot) => (snapshot.stale ? { ...snapshot, stale: false } : snapshot))
      ),
    { capacity, timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.infinity : Duration.zero) }
  )

  const compared = yield* Cache.make<string, Growth.Changes | undefined>({
    capacity: comparisons,
    lookup: (): Effect.Effect<Growth.Changes | undefined> => Effect.undefined
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
    /** The snapshot that is valid at an instant. Fails with 404 if the store has none that is as old. */
    at: Effect.fnUntraced(function* (instant: DateTime.Utc, latest: Snapshot.Snapshot) {
      if (DateTime.isGreaterThanOrEqualTo(instant, latest.takenAt)) return latest
      const kept = yield* history(latest)
      const takenAt = History.lastAt(kept, instant)
      const found = takenAt === undefined ? undefined : yield* load(takenAt)
      return found ?? (yield* tooEarly(kept, instant))
    }),
    /**
     * The snapshot that was taken at this instant (milliseconds since 1970). Fails with 410 if the store does not have
     * it.
     */
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

export type EarlierSnapshots = Effect.Success<ReturnType<typeof make>>
