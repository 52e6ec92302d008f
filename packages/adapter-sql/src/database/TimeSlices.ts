import { Effect } from "effect"

/** How long others wait at the most while a long task has the thread: milliseconds. */
const slice = 8

/** A long task that says now and then, by a yield, that it may pause there. */
export type Sliced<A> = Generator<void, A>

/** Runs it in slices, between which the process does whatever else there is. */
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

/** So much is done between two pauses that may be: some tenths of a millisecond. */
export const stride = 2048
