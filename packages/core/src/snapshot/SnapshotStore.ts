/**
 * The port to the store of snapshots.
 *
 * @since 0.1.0
 */
import { Context, DateTime, Effect, Layer, Option, Ref, Schema, Stream } from "effect"
import { type Figures, figuresOf, type Period, type Point, type Entity } from "../history/History.ts"
import type { Term } from "./Leadership.ts"
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
 * The snapshot was saved with a term that is not the newest: another replica leads, or led, since. `generation` is that
 * of the save, `newest` the one that the store knows.
 *
 * @category errors
 * @since 0.1.0
 */
export class Superseded extends Schema.TaggedError<Superseded>()("Superseded", {
  generation: Schema.Int,
  newest: Schema.Int
}) {
  get detail(): string {
    return `generation ${this.generation} may not write any more: generation ${this.newest} took over`
  }
}

/**
 * The one error of the port.
 *
 * @category errors
 * @since 0.1.0
 */
export class SnapshotStoreError extends Schema.TaggedError<SnapshotStoreError>()("SnapshotStoreError", {
  operation: Schema.Literals(["load", "save", "history"]),
  reason: Schema.Union([StoreUnavailable, SnapshotCorrupt, Superseded])
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
 * What a replica learns of a snapshot that another one published.
 *
 * @category models
 * @since 0.1.0
 */
export interface Published {
  readonly takenAt: DateTime.Utc
  readonly stale: boolean
}

/**
 * The operations of a store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operations {
  /**
   * The snapshot that was saved last. It is `stale` where it was marked so; a store of one process does not know, and
   * says so.
   */
  readonly load: Effect.Effect<Option.Option<Snapshot>, SnapshotStoreError>
  /**
   * Makes this the latest snapshot: afterwards the store holds all of it, or all of the one before. With a `term` it is
   * refused (`Superseded`) once a later term is known.
   */
  readonly save: (snapshot: Snapshot, term?: Term) => Effect.Effect<void, SnapshotStoreError>
  /** Marks the latest snapshot, if there is one, as stale for all replicas that share the store. */
  readonly markStale: (term?: Term) => Effect.Effect<void, SnapshotStoreError>
  /** The snapshots that other replicas publish, within a second. Empty where no other replica can. */
  readonly published: Stream.Stream<Published>
  /** Whether earlier snapshots are kept, and saving costs no more than what changed. */
  readonly keepsHistory: boolean
  /** When the snapshots were taken that the store still holds, oldest first. */
  readonly history: Effect.Effect<ReadonlyArray<DateTime.Utc>, SnapshotStoreError>
  /** The last snapshot that was taken at this instant or before it, where the store still holds one. */
  readonly at: (instant: DateTime.Utc) => Effect.Effect<Option.Option<Snapshot>, SnapshotStoreError>
  /** A point for each snapshot of the period, oldest first. */
  readonly series: (entity: Entity, period: Period) => Effect.Effect<ReadonlyArray<Point>, SnapshotStoreError>
  /** The figures of everything in the last snapshot that was taken at this instant or before it; empty for none. */
  readonly figuresAt: (
    instant: DateTime.Utc
  ) => Effect.Effect<ReadonlyArray<readonly [Entity, Figures]>, SnapshotStoreError>
  /** Forgets the snapshots that were taken at these instants, but never the latest. Returns how many there were. */
  readonly forget: (instants: ReadonlyArray<DateTime.Utc>) => Effect.Effect<number, SnapshotStoreError>
}

/**
 * Keeps snapshots. Every adapter passes `SnapshotStoreTest.suite` of `@gitlab-registry-usage/core/conformance`: what
 * was saved last is what is loaded, and a save that fails or is cut off leaves the one before in place.
 *
 * @category services
 * @since 0.1.0
 */
export class SnapshotStore extends Context.Service<SnapshotStore, Operations>()(
  "@gitlab-registry-usage/core/SnapshotStore"
) {}

/**
 * The operations that a store implements itself.
 *
 * @category models
 * @since 0.1.0
 */
export type Primitives = Pick<Operations, "load" | "save"> & Partial<Operations>

/**
 * A store from its primitives: what is not given follows from `load` and `save`. Without `at` it holds the latest snapshot
 * only.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (primitives: Primitives): Operations => {
  const { load } = primitives
  const history = primitives.history ?? Effect.map(load, (latest) => Option.toArray(latest).map(takenAt))
  const at =
    primitives.at ??
    ((instant: DateTime.Utc) =>
      Effect.map(load, (latest) =>
        Option.filter(latest, ({ takenAt }) => DateTime.isLessThanOrEqualTo(takenAt, instant))
      ))
  const figuresAt = (instant: DateTime.Utc) =>
    Effect.map(at(instant), Option.match({ onNone: () => [], onSome: ({ usage }) => figuresOf(usage) }))
  return SnapshotStore.of({
    markStale: () => Effect.void,
    published: Stream.never,
    keepsHistory: primitives.at !== undefined,
    history,
    at,
    figuresAt,
    series: Effect.fnUntraced(function* (entity, { from, to }) {
      const instants = (yield* history).filter((instant) => DateTime.between(instant, { minimum: from, maximum: to }))
      return yield* Effect.forEach(instants, (takenAt) =>
        Effect.map(figuresAt(takenAt), (figures) => {
          const found = figures.find(([{ _tag, path }]) => _tag === entity._tag && path === entity.path)
          return { takenAt, figures: found?.[1] }
        })
      )
    }),
    forget: () => Effect.succeed(0),
    ...primitives
  })
}

const takenAt = ({ takenAt }: Snapshot) => takenAt

/** Oldest first, even where the clock went back between two saves. */
const inOrder = (kept: ReadonlyArray<Snapshot>) => kept.toSorted((a, b) => DateTime.Order(a.takenAt, b.takenAt))

/**
 * A store in the memory of the process that holds the latest `keep` snapshots.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemoryOf = ({ keep }: { readonly keep: number }): Layer.Layer<SnapshotStore> =>
  Layer.effect(
    SnapshotStore,
    Effect.gen(function* () {
      const kept = yield* Ref.make<ReadonlyArray<Snapshot>>([])
      const newest = yield* Ref.make(0)
      const check = Effect.fnUntraced(function* (term: Term | undefined) {
        if (term === undefined) return
        const known = yield* Ref.updateAndGet(newest, (generation) => Math.max(generation, term.generation))
        if (known > term.generation) {
          const reason = new Superseded({ generation: term.generation, newest: known })
          return yield* new SnapshotStoreError({ operation: "save", reason })
        }
      })
      // A stored snapshot has not been refreshed since it was saved.
      const stale = Option.map((snapshot: Snapshot) => ({ ...snapshot, stale: true }))
      return make({
        keepsHistory: keep > 1,
        load: Effect.map(Ref.get(kept), (kept) => stale(Option.fromNullishOr(kept.at(-1)))),
        save: (snapshot, term) =>
          Effect.andThen(
            check(term),
            Ref.update(kept, (kept) => [...kept, snapshot].slice(-keep))
          ),
        history: Effect.map(Ref.get(kept), (kept) => inOrder(kept).map(takenAt)),
        at: (instant) =>
          Effect.map(Ref.get(kept), (kept) => {
            const isBefore = ({ takenAt }: Snapshot) => DateTime.isLessThanOrEqualTo(takenAt, instant)
            return stale(Option.fromNullishOr(inOrder(kept).findLast(isBefore)))
          }),
        forget: (instants) =>
          Ref.modify(kept, (kept) => {
            const forgotten = new Set(instants.map(DateTime.toEpochMillis))
            const left = kept.filter(
              (snapshot, i) => i === kept.length - 1 || !forgotten.has(DateTime.toEpochMillis(snapshot.takenAt))
            )
            return [kept.length - left.length, left] as const
          })
      })
    })
  )

/**
 * A store in the memory of the process that holds the latest snapshot.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<SnapshotStore> = layerMemoryOf({ keep: 1 })
