import { Clock, Duration, Effect } from "effect"

/** The time after which a refusal comes (milliseconds). */
export const refusalTime = 100

/**
 * A clock that stands still but for the wait of a refusal, which it does not take, and for what the test adds. Other waits
 * are deadlines, and never end.
 */
export const make = Effect.map(Clock.Clock, (clock) => {
  let now = 1_800_000_000_000
  return {
    now: () => now,
    advance: (milliseconds: number) => {
      now += milliseconds
    },
    clock: Object.assign(Object.create(clock) as Clock.Clock, {
      currentTimeMillisUnsafe: () => now,
      currentTimeMillis: Effect.sync(() => now),
      sleep: (duration: Duration.Duration) =>
        Duration.toMillis(duration) > refusalTime
          ? Effect.never
          : Effect.sync(() => {
              now += Duration.toMillis(duration)
            })
    })
  }
})
