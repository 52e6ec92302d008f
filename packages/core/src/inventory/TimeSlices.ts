/**
 * Long computations in slices, so that other fibers, requests and signals do not wait for them.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"

/** The longest time that a task holds the thread, in milliseconds. */
const slice = 8

/**
 * A long task that yields where it may pause.
 *
 * @category models
 * @since 0.1.0
 */
export type Sliced<A> = Generator<void, A>

/**
 * Runs a task in slices; other fibers run between two slices.
 *
 * @category running
 * @since 0.1.0
 */
export const inSlices = <A>(task: () => Sliced<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const steps = task()
    const next: Effect.Effect<A> = Effect.suspend(() => {
      const end = performance.now() + slice
      while (true) {
        const { done, value } = steps.next()
        if (done === true) return Effect.succeed(value)
        if (performance.now() > end) return Effect.andThen(Effect.yieldNow, next)
      }
    })
    return next
  })

/**
 * Runs a task at once, without a pause.
 *
 * @category running
 * @since 0.1.0
 */
export const atOnce = <A>(task: Sliced<A>): A => {
  while (true) {
    const { done, value } = task.next()
    if (done === true) return value
  }
}

/**
 * The number of steps between two yields, which take a few tenths of a millisecond.
 *
 * @category constants
 * @since 0.1.0
 */
export const stride = 2048
