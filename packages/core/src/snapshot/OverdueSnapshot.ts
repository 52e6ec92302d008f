import { DateTime, Duration, Effect, Option, Stream, SubscriptionRef } from "effect"
import type { Snapshot } from "./Snapshot.ts"

/** How many times the next crawl could have ended. */
const crawls = 3

/**
 * Marks the snapshot that is served as stale when it is too old, whoever should have renewed it: a leader that nobody
 * hears of fails without a word.
 */
export const markOverdue = (
  snapshots: SubscriptionRef.SubscriptionRef<Option.Option<Snapshot>>,
  interval: Duration.Duration
): Effect.Effect<void> => {
  const mark = Effect.fnUntraced(function* (snapshot: Snapshot) {
    const period = Duration.sum(interval, Duration.millis(snapshot.duration))
    const age = DateTime.distance(snapshot.takenAt, yield* DateTime.now)
    yield* Effect.sleep(Duration.max(Duration.subtract(Duration.times(period, crawls), age), Duration.zero))
    yield* Effect.logWarning(
      `the snapshot of ${DateTime.formatIso(snapshot.takenAt)} is stale: no crawl has ended for ${crawls} intervals`
    )
    yield* SubscriptionRef.update(
      snapshots,
      Option.map((current) => (current.takenAt === snapshot.takenAt ? { ...current, stale: true } : current))
    )
  })
  return SubscriptionRef.changes(snapshots).pipe(
    Stream.switchMap((current) =>
      Option.isNone(current) || current.value.stale ? Stream.empty : Stream.fromEffect(mark(current.value))
    ),
    Stream.runDrain
  )
}
