import { DateTime, Effect, Option, type Scope, Stream, SubscriptionRef } from "effect"
import type { Term } from "./Leadership.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { Published, SnapshotStore } from "./SnapshotStore.ts"

interface Options {
  readonly store: SnapshotStore["Service"]
  /** The snapshot that is served. */
  readonly snapshots: SubscriptionRef.SubscriptionRef<Option.Option<Snapshot>>
  /** The term of this replica while it leads. */
  readonly term: SubscriptionRef.SubscriptionRef<Option.Option<Term>>
  /** Runs after a snapshot of the leader was taken over. */
  readonly took: (snapshot: Snapshot) => Effect.Effect<void>
}

/** Serves the snapshots that the leader publishes, in the background, while this replica does not lead. */
export const follow = ({ snapshots, store, term, took }: Options): Effect.Effect<void, never, Scope.Scope> => {
  const isLeading = Effect.map(SubscriptionRef.get(term), Option.isSome)

  const catchUp = Effect.gen(function* () {
    const latest = yield* store.load
    // A replica that leads by now has a newer snapshot.
    if (Option.isNone(latest) || (yield* isLeading)) return
    const { takenAt } = latest.value
    const current = yield* SubscriptionRef.get(snapshots)
    // A leader that could not save its last snapshot goes on serving it, and so does a replica of a database that lost some.
    if (Option.exists(current, (current) => DateTime.isGreaterThanOrEqualTo(current.takenAt, takenAt))) return
    yield* SubscriptionRef.set(snapshots, latest)
    yield* took(latest.value)
    yield* Effect.logInfo(`serving the snapshot of ${DateTime.formatIso(takenAt)}, which another replica published`)
  }).pipe(Effect.catch((error) => Effect.logWarning(`what another replica published is not served: ${error.message}`)))

  const adopt = Effect.fnUntraced(function* ({ stale, takenAt }: Published) {
    // The leader already serves what it publishes.
    if (yield* isLeading) return
    const current = yield* SubscriptionRef.get(snapshots)
    if (Option.isNone(current) || !DateTime.Equivalence(current.value.takenAt, takenAt)) return yield* catchUp
    if (current.value.stale !== stale) yield* SubscriptionRef.set(snapshots, Option.some({ ...current.value, stale }))
  })

  /** While this replica led, it did not follow. */
  const again = SubscriptionRef.changes(term).pipe(
    Stream.drop(1),
    Stream.filter(Option.isNone),
    Stream.runForEach(() => catchUp)
  )

  return Effect.andThen(Effect.forkScoped(again), Effect.forkScoped(Stream.runForEach(store.published, adopt))).pipe(
    Effect.asVoid
  )
}
