/** Lines in which effects wait for their turn, by key. */
import { Effect, Semaphore } from "effect"

interface Line {
  readonly turn: Semaphore.Semaphore
  length: number
}

/** Lines in which at most so many effects are at one time, in all. */
export const make = (maximum: number) => {
  const lines = new Map<string, Line>()
  let length = 0

  const isFree = (key: string): boolean => !lines.has(key)

  /**
   * Runs the effect once those before it have ended, and returns its value; undefined where too many are waiting. The wait
   * can be interrupted, the effect cannot, and its value is not lost by an interruption.
   */
  const hold = <A>(key: string, effect: Effect.Effect<A>): Effect.Effect<A | undefined> =>
    Effect.suspend(() => {
      const line = lines.get(key) ?? { turn: Semaphore.makeUnsafe(1), length: 0 }
      if (line.length > 0 && length >= maximum) return Effect.undefined
      lines.set(key, line)
      line.length++
      length++
      let ended: { readonly value: A } | undefined
      const keep = Effect.map(effect, (value) => {
        ended = { value }
      })
      return line.turn.withPermit(Effect.uninterruptible(keep)).pipe(
        Effect.interruptible,
        Effect.exit,
        Effect.flatMap((exit) => (ended === undefined ? Effect.as(exit, undefined) : Effect.succeed(ended.value))),
        Effect.ensuring(
          Effect.sync(() => {
            length--
            if (--line.length === 0) lines.delete(key)
          })
        ),
        Effect.uninterruptible
      )
    })
  return { hold, isFree }
}
