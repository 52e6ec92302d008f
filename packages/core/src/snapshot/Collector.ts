/**
 * Keeps a current snapshot of the registry.
 *
 * @since 0.1.0
 */
import {
  Cause,
  Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  Exit,
  Fiber,
  FiberHandle,
  Layer,
  Metric,
  Option,
  Queue,
  Random,
  Ref,
  Stream,
  SubscriptionRef
} from "effect"
import type { Change } from "./Change.ts"
import * as ChangedRepositories from "./ChangedRepositories.ts"
import { crawl, type Progress } from "../inventory/Crawl.ts"
import {
  CatalogEmptied,
  type CollectionError,
  DeadlineExceeded,
  type FailureReason,
  NotLeading
} from "./CollectionError.ts"
import { follow } from "./Follower.ts"
import type { Inventory } from "../inventory/Inventory.ts"
import * as Leadership from "./Leadership.ts"
import { markOverdue } from "./OverdueSnapshot.ts"
import type { RepositoryName } from "../registry/Names.ts"
import { Registry } from "../registry/Registry.ts"
import * as OptionRange from "../text/OptionRange.ts"
import { type Snapshot, take } from "./Snapshot.ts"
import { SnapshotStore } from "./SnapshotStore.ts"
import { type Accounting, measure } from "../usage/Usage.ts"

export {
  CatalogEmptied,
  type CollectionError,
  DeadlineExceeded,
  type FailureReason,
  failureReasons,
  NotLeading
} from "./CollectionError.ts"

/** @category models @since 0.1.0 */
export interface Options {
  readonly accounting?: Accounting | undefined
  /**
   * From the end of one crawl to the begin of the next. A snapshot is stale at the latest when it is older than three
   * intervals and three times the length of its crawl. Default 10 minutes.
   */
  readonly interval?: Duration.Input | undefined
  /** The share of the interval, 0 to 1, by which it varies at random in both directions. Default 0.1. */
  readonly jitter?: number | undefined
  /** How long one crawl may take. Default 2 hours. */
  readonly deadline?: Duration.Input | undefined
  /**
   * How often a crawl reads every manifest again, because the registry may have deleted some. The times are the multiples
   * of the interval since 1970, in UTC, so that a restart changes none. Default 1 day.
   */
  readonly verifyInterval?: Duration.Input | undefined
  /**
   * The sizes of how many blobs each crawl measures, the largest first, until all are measured. What was measured is kept
   * with the snapshot. Default 1000.
   */
  readonly measure?: number | undefined
  /** How many requests may be under way at once, at the most: 1 to 10,000. Default 64. */
  readonly concurrency?: number | undefined
}

/**
 * The status of the collector. `attempts` counts crawls by result; `lastError` is the message of the last one if it failed.
 * `saveError` says why the snapshot that is served could not be saved, and `leadershipError` why no leader is known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status {
  readonly crawling: boolean
  readonly progress: Progress | undefined
  readonly lastAttempt: DateTime.Utc | undefined
  readonly lastSuccess: DateTime.Utc | undefined
  readonly lastError: string | undefined
  readonly attempts: { readonly succeeded: number; readonly failed: number }
  readonly saveError: string | undefined
  readonly leadership: Leadership.State
  readonly leadershipError: string | undefined
}

/**
 * Crawls in the background for as long as its layer lives: at once, then after each interval, never two crawls at a time.
 * A failed crawl publishes nothing and is retried sooner, with growing delays. Of replicas that share a store the leader
 * crawls; the followers serve what it publishes.
 *
 * @category services
 * @since 0.1.0
 */
export class Collector extends Context.Service<
  Collector,
  {
    /** The snapshot to serve: none before the first crawl has ended, unless the store had one. */
    readonly current: Effect.Effect<Option.Option<Snapshot>>
    /** The current snapshot and every later one. */
    readonly changes: Stream.Stream<Option.Option<Snapshot>>
    /** Crawls now, or waits for the crawl that is under way. Fails where another replica leads. */
    readonly refresh: Effect.Effect<Snapshot, CollectionError>
    /**
     * Reads every manifest again, after a crawl that is under way, although the content of most is known: what the
     * registry has deleted since vanishes. Fails where another replica leads.
     */
    readonly verify: Effect.Effect<Snapshot, CollectionError>
    /**
     * Reports changes. Their repositories are soon read again, together with others that are reported meanwhile, until
     * what is read shows the changes, for half a minute at most. Before the first crawl has ended it does nothing: that
     * crawl reads them.
     */
    readonly changed: (changes: Iterable<Change>) => Effect.Effect<void>
    readonly status: Effect.Effect<Status>
  }
>()("@gitlab-registry-usage/core/Collector") {}

/** The shortest distance between a failed crawl and the next: it doubles with each failure, up to the interval. */
const firstRetry = Duration.seconds(5)

const defaultMeasure = 1000

/**
 * Crawls that failed, with the attribute `reason`, which is a `FailureReason`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const collectionErrors: Metric.Counter<number> = Metric.counter("gitlab_registry_usage_collection_errors", {
  description: "Crawls that failed, by reason.",
  incremental: true
})

/**
 * Snapshots that are served, but could not be saved.
 *
 * @category metrics
 * @since 0.1.0
 */
export const saveErrors: Metric.Counter<number> = Metric.counter("gitlab_registry_usage_save_errors", {
  description: "Snapshots that are served, but could not be saved.",
  incremental: true
})

const reasonOf = (cause: Cause.Cause<CollectionError>): FailureReason =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => (Cause.hasDies(cause) ? "Defect" : "Interrupted"),
    onSome: (error) => (error._tag === "RegistryError" ? error.reason._tag : error._tag)
  })

const idle: Omit<Status, "leadership" | "leadershipError"> = {
  crawling: false,
  progress: undefined,
  lastAttempt: undefined,
  lastSuccess: undefined,
  lastError: undefined,
  attempts: { succeeded: 0, failed: 0 },
  saveError: undefined
}

/**
 * An option out of its range is a defect.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options = {}) {
  OptionRange.check("Collector", {
    interval: [options.interval, OptionRange.time],
    jitter: [options.jitter, OptionRange.share],
    deadline: [options.deadline, OptionRange.time],
    verifyInterval: [options.verifyInterval, OptionRange.time],
    measure: [options.measure, OptionRange.whole(0)],
    concurrency: [options.concurrency, OptionRange.concurrency]
  })
  const registry = yield* Registry
  const store = yield* SnapshotStore
  // A server without replicas needs no leadership.
  const leadership = yield* Effect.flatMap(
    Effect.serviceOption(Leadership.Leadership),
    Option.match({ onNone: () => Effect.flatten(Leadership.makeGroup), onSome: Effect.succeed })
  )
  const interval = Duration.fromInputUnsafe(options.interval ?? "10 minutes")
  const deadline = Duration.fromInputUnsafe(options.deadline ?? "2 hours")
  const jitter = options.jitter ?? 0.1
  const snapshots = yield* SubscriptionRef.make(Option.none<Snapshot>())
  const term = yield* SubscriptionRef.make(Option.none<Leadership.Term>())
  const status = yield* Ref.make(idle)
  const failures = yield* Ref.make(0)
  const verifyInterval = Duration.toMillis(Duration.fromInputUnsafe(options.verifyInterval ?? "1 day"))
  /** Grows with each crawl. The first is random: after a restart the rounds go on anywhere. */
  const round = yield* Ref.make(yield* Random.nextIntBetween(0, 0xffff))
  /** When the last crawl of this leader began. */
  const lastCrawl = yield* Ref.make(Option.none<DateTime.Utc>())
  const running = yield* FiberHandle.make<Snapshot, CollectionError>()

  const restore = Effect.gen(function* () {
    const saved = yield* store.load
    // Without a leader nobody has crawled since the snapshot was saved.
    const stale = (yield* leadership.state) !== "following"
    yield* SubscriptionRef.set(
      snapshots,
      Option.map(saved, (snapshot) => (stale && !snapshot.stale ? { ...snapshot, stale } : snapshot))
    )
    if (Option.isSome(saved)) {
      yield* Effect.logInfo(
        `serving the snapshot of ${DateTime.formatIso(saved.value.takenAt)} until a crawl has ended`
      )
    }
  }).pipe(Effect.catch((error) => Effect.logWarning(`starting without a snapshot: ${error.message}`)))

  const serve = (snapshot: Snapshot) => SubscriptionRef.set(snapshots, Option.some(snapshot))

  /** A snapshot that cannot be stored is served all the same, but only by the leader. */
  const keep = (snapshot: Snapshot, term: Leadership.Term) =>
    store.save(snapshot, term).pipe(
      Effect.andThen(Ref.update(status, (status) => ({ ...status, saveError: undefined }))),
      Effect.catchReason("SnapshotStoreError", "Superseded", ({ detail }) => Effect.fail(new NotLeading({ detail }))),
      Effect.catchTag("SnapshotStoreError", (error) =>
        Effect.all(
          [
            Metric.update(saveErrors, 1),
            Ref.update(status, (status) => ({ ...status, saveError: error.message })),
            Effect.logError(`the snapshot is served, but could not be kept: ${error.message}`)
          ],
          { discard: true }
        )
      )
    )

  const previous: Effect.Effect<Inventory | undefined> = Effect.map(
    SubscriptionRef.get(snapshots),
    (current) => Option.getOrUndefined(current)?.usage.inventory
  )

  /** Whether the time of a full verification has come since the last crawl, or else since the snapshot of the store. */
  const isVerificationDue = Effect.gen(function* () {
    const [last, current] = [yield* Ref.get(lastCrawl), yield* SubscriptionRef.get(snapshots)]
    const before = Option.orElse(last, () => Option.map(current, ({ takenAt }) => takenAt))
    const period = (instant: DateTime.Utc) => Math.floor(DateTime.toEpochMillis(instant) / verifyInterval)
    const now = period(yield* DateTime.now)
    return Option.exists(before, (before) => period(before) < now)
  })

  const collect = Effect.fnUntraced(function* (term: Leadership.Term, isFull: boolean) {
    const before = yield* previous
    const began = yield* DateTime.now
    const verify = isFull || (yield* isVerificationDue) ? "all" : yield* Ref.getAndUpdate(round, (round) => round + 1)
    if (verify === "all" && before !== undefined) yield* Effect.logInfo("this crawl reads every manifest again")
    const snapshot = yield* take({
      ...options,
      measure: options.measure ?? defaultMeasure,
      previous: before,
      verify,
      onProgress: (progress) => Ref.update(status, (status) => ({ ...status, progress }))
    }).pipe(
      Effect.provideService(Registry, registry),
      Effect.timeoutOrElse({
        duration: deadline,
        orElse: () => Effect.fail(new DeadlineExceeded({ deadline: Duration.toMillis(deadline) }))
      })
    )
    const count = before?.repositories.length ?? 0
    const isEmpty = snapshot.usage.inventory.repositories.length === 0
    if (isEmpty && count > 0) return yield* new CatalogEmptied({ before: count })
    yield* keep(snapshot, term)
    yield* serve(snapshot)
    yield* Ref.set(lastCrawl, Option.some(began))
    return snapshot
  })

  const succeeded = Effect.fnUntraced(function* (snapshot: Snapshot) {
    yield* Ref.set(failures, 0)
    yield* Ref.update(status, (status) => ({
      ...status,
      lastSuccess: snapshot.takenAt,
      lastError: undefined,
      attempts: { ...status.attempts, succeeded: status.attempts.succeeded + 1 }
    }))
    const { repositories, gaps } = snapshot.usage.inventory
    yield* Effect.logInfo(
      `crawled the registry in ${Math.round(snapshot.duration)} ms: repositories ${repositories.length}, gaps ${gaps.length}`
    )
  })

  const failed = Effect.fnUntraced(function* (cause: Cause.Cause<CollectionError>, term: Leadership.Term) {
    const message = Option.match(Cause.findErrorOption(cause), {
      onNone: () => "an unexpected error ended the crawl",
      onSome: (error) => error.message
    })
    yield* Ref.update(failures, (count) => count + 1)
    yield* Metric.update(Metric.withAttributes(collectionErrors, { reason: reasonOf(cause) }), 1)
    yield* Ref.update(status, (status) => ({
      ...status,
      lastError: message,
      attempts: { ...status.attempts, failed: status.attempts.failed + 1 }
    }))
    yield* SubscriptionRef.update(
      snapshots,
      Option.map((snapshot) => ({ ...snapshot, stale: true }))
    )
    yield* Cause.hasDies(cause) ? Effect.logError(message, cause) : Effect.logWarning(`the crawl failed: ${message}`)
    yield* Effect.ignore(store.markStale(term))
  })

  const attempt = Effect.fnUntraced(function* (term: Leadership.Term, isFull: boolean) {
    const lastAttempt = yield* DateTime.now
    yield* Ref.update(status, (status) => ({ ...status, crawling: true, progress: undefined, lastAttempt }))
    const exit = yield* Effect.exit(collect(term, isFull))
    yield* Ref.update(status, (status) => ({ ...status, crawling: false }))
    yield* Exit.match(exit, { onSuccess: succeeded, onFailure: (cause) => failed(cause, term) })
    return yield* exit
  })

  /** Reads the changed repositories again, after a crawl that is under way: that one would overwrite them. */
  const update = Effect.fnUntraced(function* (only: ReadonlySet<RepositoryName>, term: Leadership.Term) {
    const underWay = yield* FiberHandle.get(running)
    if (Option.isSome(underWay)) yield* Fiber.await(underWay.value)
    const current = yield* SubscriptionRef.get(snapshots)
    if (Option.isNone(current)) return
    const previous = current.value.usage.inventory
    const inventory = yield* crawl({ ...options, measure: 0, previous, only }).pipe(
      Effect.provideService(Registry, registry)
    )
    const snapshot = { ...current.value, takenAt: yield* DateTime.now, usage: measure(inventory, options) }
    // A crawl that ended meanwhile has seen more.
    if ((yield* SubscriptionRef.get(snapshots)) !== current) return
    // Where saving writes the whole snapshot, the next crawl saves the changes.
    if (store.keepsHistory) yield* keep(snapshot, term)
    yield* serve(snapshot)
    yield* Effect.logDebug(`read ${only.size} changed repositories again`)
  })

  /** Reads changed repositories until they are as their notifications say. */
  const updates = Effect.fnUntraced(function* (term: Leadership.Term) {
    const changes = ChangedRepositories.make()
    const arrivals = yield* Queue.sliding<void>(1)
    const receive = Stream.runForEach(leadership.notifications, (change) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        changes.add(change, now)
        return Queue.offer(arrivals, undefined)
      })
    )
    const readDue = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const wait = changes.wait(now)
      if (wait === undefined) return yield* Queue.take(arrivals)
      // A change that comes meanwhile is not due before that.
      if (wait > 0) return yield* Effect.sleep(Math.min(wait, ChangedRepositories.settling))
      const names = changes.begin(now)
      yield* Effect.catchCause(update(names, term), (cause) =>
        Effect.logWarning("changed repositories could not be read again; the next crawl will", cause)
      )
      changes.end(names, yield* previous, yield* Clock.currentTimeMillis)
    })
    return yield* Effect.raceFirst(Effect.andThen(receive, Effect.never), Effect.forever(readDue))
  })

  /** The term of this replica, once it leads. */
  const leading = Effect.gen(function* () {
    if ((yield* leadership.state) === "following") {
      return yield* new NotLeading({ detail: "what it publishes is served here within a second" })
    }
    return yield* SubscriptionRef.changes(term).pipe(
      Stream.filter(Option.isSome),
      Stream.runHead,
      Effect.map((found) => Option.getOrThrow(Option.flatten(found)))
    )
  })

  const refresh = Effect.gen(function* () {
    const term = yield* leading
    const underWay = yield* FiberHandle.get(running)
    return yield* Fiber.join(
      Option.isSome(underWay) ? underWay.value : yield* FiberHandle.run(running, attempt(term, false))
    )
  })

  const verify = Effect.gen(function* () {
    const term = yield* leading
    let underWay = yield* FiberHandle.get(running)
    while (Option.isSome(underWay)) {
      yield* Fiber.await(underWay.value)
      underWay = yield* FiberHandle.get(running)
    }
    return yield* Fiber.join(yield* FiberHandle.run(running, attempt(term, true)))
  })

  const pause = Effect.gen(function* () {
    const count = yield* Ref.get(failures)
    const retry = Duration.times(firstRetry, 2 ** Math.min(count - 1, 20))
    const distance = count === 0 ? interval : Duration.min(retry, interval)
    const factor = 1 + jitter * (2 * (yield* Random.next) - 1)
    yield* Effect.sleep(Duration.times(distance, factor))
  })

  /** A new leader keeps the previous leader's schedule. */
  const due = Effect.gen(function* () {
    const current = yield* SubscriptionRef.get(snapshots)
    if (Option.isNone(current) || current.value.stale) return
    const age = DateTime.distance(current.value.takenAt, yield* DateTime.now)
    yield* Effect.sleep(Duration.max(Duration.subtract(interval, age), Duration.zero))
  })

  // `failed` has logged whatever happens in one round, defects included; the next round follows.
  const loop = Effect.andThen(Effect.exit(refresh), pause).pipe(Effect.forever)

  const standDown = Effect.gen(function* () {
    yield* FiberHandle.clear(running)
    yield* SubscriptionRef.set(term, Option.none())
    yield* Ref.set(lastCrawl, Option.none())
    yield* Ref.update(status, (status) => ({ ...status, crawling: false }))
  })

  /** Begins again after a defect outside of a crawl, which would end the refreshing for good. */
  const restarted = (work: Effect.Effect<never>): Effect.Effect<never> =>
    work.pipe(
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
        return Effect.logError("an unexpected error ended the refreshing, which begins again", cause).pipe(
          Effect.andThen(Metric.update(Metric.withAttributes(collectionErrors, { reason: "Defect" }), 1)),
          Effect.andThen(Effect.sleep(firstRetry))
        )
      }),
      Effect.forever
    )

  const lead = (newest: Leadership.Term) =>
    Effect.gen(function* () {
      yield* SubscriptionRef.set(term, Option.some(newest))
      return yield* restarted(Effect.raceFirst(Effect.andThen(due, loop), updates(newest)))
    }).pipe(Effect.ensuring(standDown))

  yield* restore
  yield* follow({
    store,
    snapshots,
    term,
    took: ({ takenAt }) =>
      Ref.update(status, (status) => ({
        ...status,
        lastSuccess: takenAt,
        lastError: undefined,
        saveError: undefined
      }))
  })
  yield* Effect.forkScoped(markOverdue(snapshots, interval))
  yield* Effect.forkScoped(leadership.lead(lead))
  return Collector.of({
    current: SubscriptionRef.get(snapshots),
    changes: SubscriptionRef.changes(snapshots),
    refresh,
    verify,
    changed: leadership.notify,
    status: Effect.gen(function* () {
      const [state, failure] = [yield* leadership.state, yield* leadership.failure]
      // Where another replica leads, what kept this one from leading is over.
      const leadershipError = state === "following" ? undefined : Option.getOrUndefined(failure)
      return { ...(yield* Ref.get(status)), leadership: state, leadershipError }
    })
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Collector, never, Registry | SnapshotStore> =>
  Layer.effect(Collector, make(options))
