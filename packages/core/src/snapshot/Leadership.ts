/**
 * The port to who may crawl, where several replicas serve the same registry.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Queue, Ref, type Scope, Semaphore, Stream } from "effect"
import type { RepositoryName } from "../registry/Names.ts"

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
 * Whether this replica leads, another one does, or nobody is known to.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "leading" | "following" | "vacant"

/**
 * Decides who crawls. At most one replica holds the newest term; one that does not hear of that in time, because it was
 * stopped or cut off, is refused by the store. No operation fails: while it cannot be decided nobody new leads. Every
 * adapter passes `LeadershipTest.suite` of `@gitlab-registry-usage/core/conformance`.
 *
 * @category services
 * @since 0.1.0
 */
export class Leadership extends Context.Service<
  Leadership,
  {
    /**
     * Waits until nobody else leads, then runs `task` for as long as this replica does. Where it is lost, `task` is
     * interrupted and waiting begins again; where this is interrupted, another replica may lead at once.
     */
    readonly lead: <R>(task: (term: Term) => Effect.Effect<never, never, R>) => Effect.Effect<never, never, R>
    readonly state: Effect.Effect<State>
    /** Tells the leader, whoever that is, that something changed in these repositories. */
    readonly notify: (repositories: Iterable<RepositoryName>) => Effect.Effect<void>
    /** What the leader was told, for the leader to read; what was told while nobody read may be lost. */
    readonly notifications: Stream.Stream<RepositoryName>
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
    const queue = yield* Queue.make<RepositoryName>()
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
        notify: (repositories) => Effect.asVoid(Queue.offerAll(queue, repositories)),
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
