import { Effect } from "effect"

/** The longest time that a task holds the thread, in milliseconds. */
const slice = 8

/** A long task that yields where other fibers may run. */
export type Sliced<A> = Generator<void, A>

/** Runs a task in slices; other fibers run between two slices. */
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

/** The number of steps between two yields; so many steps take a few tenths of a millisecond. */
export const stride = 2048
