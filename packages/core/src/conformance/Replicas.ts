/**
 * Tests of what replicas do together.
 *
 * @since 0.1.0
 */
import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"

/**
 * A group of replicas that begins empty. Each use of the inner effect adds one more replica to it.
 *
 * @category models
 * @since 0.1.0
 */
export type Group<A, E, F> = Effect.Effect<Effect.Effect<A, E, Scope.Scope>, F, Scope.Scope>

/**
 * Declares tests of a group, each with a new one and with the live clock.
 *
 * @category testing
 * @since 0.1.0
 */
export const check =
  <A, E, F>(name: string, group: Group<A, E, F>) =>
  (title: string, test: (join: Effect.Effect<A, E, Scope.Scope>) => Effect.fn.Return<void, unknown, Scope.Scope>) =>
    it.live(`${name}: ${title}`, () => Effect.scoped(Effect.flatMap(group, Effect.fnUntraced(test))))
