/**
 * The port to where snapshots are kept.
 *
 * @since 0.1.0
 */
import { Context, type DateTime, Effect, Layer, Option, Ref, Schema } from "effect"
import type { Snapshot } from "./Snapshot.ts"

/**
 * The store could not be read or written: no space, no permission, not reachable. What was there before is still there.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  detail: Schema.String
}) {}

/**
 * What the store holds is not a snapshot. It was set aside at `movedTo`, where that could be done, and is not lost.
 *
 * @category errors
 * @since 0.1.0
 */
export class SnapshotCorrupt extends Schema.TaggedError<SnapshotCorrupt>()("SnapshotCorrupt", {
  detail: Schema.String,
  movedTo: Schema.optionalKey(Schema.String)
}) {}

/**
 * The one error of the port.
 *
 * @category errors
 * @since 0.1.0
 */
export class SnapshotStoreError extends Schema.TaggedError<SnapshotStoreError>()("SnapshotStoreError", {
  operation: Schema.Literals(["load", "save", "history"]),
  reason: Schema.Union([StoreUnavailable, SnapshotCorrupt])
}) {
  override get message(): string {
    const aside =
      this.reason._tag === "SnapshotCorrupt" && this.reason.movedTo !== undefined
        ? ` (set aside as ${this.reason.movedTo})`
        : ""
    return `${this.operation} of the snapshot: ${this.reason.detail}${aside}`
  }
}

/**
 * Keeps snapshots. Every adapter passes `SnapshotStoreTest.suite` of `@gitlab-registry-usage/core/conformance`: what
 * was saved last is what is loaded, and a save that fails or is cut off leaves the one before in place.
 *
 * @category services
 * @since 0.1.0
 */
export class SnapshotStore extends Context.Service<
  SnapshotStore,
  {
    /** The snapshot that was saved last. */
    readonly load: Effect.Effect<Option.Option<Snapshot>, SnapshotStoreError>
    /** Replaces the latest snapshot: afterwards the store holds all of it, or all of the one before. */
    readonly save: (snapshot: Snapshot) => Effect.Effect<void, SnapshotStoreError>
    /** When the snapshots were taken that the store still holds, oldest first. */
    readonly history: Effect.Effect<ReadonlyArray<DateTime.Utc>, SnapshotStoreError>
  }
>()("@gitlab-registry-usage/core/SnapshotStore") {}

/**
 * A store that forgets with the process, and holds the latest snapshot only.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<SnapshotStore> = Layer.effect(
  SnapshotStore,
  Effect.map(Ref.make(Option.none<Snapshot>()), (ref) => ({
    // What comes out of a store was not refreshed since it went in.
    load: Effect.map(
      Ref.get(ref),
      Option.map((snapshot) => ({ ...snapshot, stale: true }))
    ),
    save: (snapshot) => Ref.set(ref, Option.some(snapshot)),
    history: Effect.map(Ref.get(ref), (snapshot) => Option.toArray(snapshot).map(({ takenAt }) => takenAt))
  }))
)
