/** Measures time, processor time and memory. */
import { Clock, Effect, Record } from "effect"

/** Wall time, and processor time of all threads of this process, in milliseconds. */
export interface Took {
  readonly wall: number
  readonly cpu: number
}

/**
 * Runs the effect and returns its result with the time that it took.
 */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, Took], E, R> =>
  Effect.gen(function* () {
    const cpuBefore = process.cpuUsage()
    const before = yield* Clock.currentTimeNanos
    const result = yield* effect
    const wall = Number((yield* Clock.currentTimeNanos) - before) / 1e6
    const { system, user } = process.cpuUsage(cpuBefore)
    return [result, { wall, cpu: (user + system) / 1000 }] as const
  })

/**
 * The middle of the values, or the mean of the two in the middle.
 */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * The largest resident memory of this process so far, in MiB.
 */
export const peakResident = (): number => process.resourceUsage().maxRSS / 1024

/**
 * Runs each measurement once in every round, so that other load on the machine falls on all of them. The order is
 * reversed in every other round. `warmUp` rounds come first and do not count. Returns the results by name.
 */
export const inTurns = Effect.fnUntraced(function* <Name extends string, A, E, R>(
  measurements: Readonly<Record<Name, Effect.Effect<A, E, R>>>,
  { rounds, warmUp = 0 }: { readonly rounds: number; readonly warmUp?: number }
) {
  const names = Object.keys(measurements) as Array<string> as Array<Name>
  const results = Record.map(measurements, (): Array<A> => [])
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = yield* measurements[name]
      if (round >= 0) results[name].push(result)
    }
  }
  return results
})
