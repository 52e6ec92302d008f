/**
 * The port that elects the replica that crawls, where several replicas serve the same registry.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Option, Queue, Ref, type Scope, Semaphore, Stream } from "effect"
import type { Change } from "./Change.ts"

/**
 * The right to crawl and to publish, until another replica has a later one. Generations grow from leader to leader and
 * are never used again: a store refuses what is saved with a generation that is not the newest (a fencing token).
 *
 * @category models
 * @since 0.1.0
 */
export interface Term {
  readonly generation: number
}

/**
 * Whether this replica leads, another one does, or no leader is known.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "leading" | "following" | "vacant"

/**
 * Elects the replica that crawls. At most one replica holds the newest term; the store refuses one that does not notice in
 * time that it lost its term. No operation fails: while no leader can be elected, no new replica leads. Every adapter passes `LeadershipTest.suite` of `@gitlab-registry-usage/core/conformance`.
 *
 * @category services
 * @since 0.1.0
 */
export class Leadership extends Context.Service<
  Leadership,
  {
    /**
     * Waits until no other replica leads, then runs `task` for as long as this one does. When it loses the lead, `task` is
     * interrupted and waiting begins again; when `lead` is interrupted, another replica may lead at once.
     */
    readonly lead: <R>(task: (term: Term) => Effect.Effect<never, never, R>) => Effect.Effect<never, never, R>
    readonly state: Effect.Effect<State>
    /** Why this replica can neither be elected nor know that another one is. */
    readonly failure: Effect.Effect<Option.Option<string>>
    /** Notifies the leader of changes. */
    readonly notify: (changes: Iterable<Change>) => Effect.Effect<void>
    /** The changes of `notify`, for the leader to read; those of a time when nobody reads may be lost. */
    readonly notifications: Stream.Stream<Change>
  }
>()("@gitlab-registry-usage/core/Leadership") {}

/**
 * A group of replicas in this process: each use of the effect joins it as one more.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeGroup: Effect.Effect<Effect.Effect<Leadership["Service"], never, Scope.Scope>> = Effect.gen(
  function* () {
    const chair = yield* Semaphore.make(1)
    const generation = yield* Ref.make(0)
    const queue = yield* Queue.make<Change>()
    const leader = yield* Ref.make<symbol | undefined>(undefined)
    return Effect.sync(() => {
      const self = Symbol("replica")
      return Leadership.of({
        lead: (task) =>
          Ref.updateAndGet(generation, (n) => n + 1).pipe(
            Effect.tap(() => Ref.set(leader, self)),
            Effect.flatMap((generation) => task({ generation })),
            Effect.ensuring(Ref.set(leader, undefined)),
            chair.withPermits(1)
          ),
        state: Effect.map(Ref.get(leader), (leader) =>
          leader === undefined ? "vacant" : leader === self ? "leading" : "following"
        ),
        failure: Effect.succeedNone,
        notify: (changes) => Effect.asVoid(Queue.offerAll(queue, changes)),
        notifications: Stream.fromQueue(queue)
      })
    })
  }
)

/**
 * The leadership of a replica that is alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<Leadership> = Layer.effect(Leadership, Effect.flatten(makeGroup))
