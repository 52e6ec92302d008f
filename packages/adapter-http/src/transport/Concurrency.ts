/**
 * How many requests a host gets at once: more while it answers as fast as it can, fewer when it does not.
 *
 * Additive increase and multiplicative decrease, as TCP does it, with latency as a second signal (TCP Vegas; Netflix's
 * concurrency-limits): a response that takes much longer than the fastest one has waited in a queue, which more
 * requests only lengthen.
 */

export interface Options {
  /** Requests at once in the beginning, 1 to 10,000. Default 8. */
  readonly start?: number | undefined
  /** Requests at once at most, 1 to 10,000. Default 64. */
  readonly max?: number | undefined
}

/**
 * What garbage collection or other work of this process may add to a latency, in milliseconds. A queue this short does
 * not slow others down, and keeps a host with many processors busy.
 */
const noise = 30

/** A latency above this multiple of the smallest one, plus the noise, shows a queue. */
const tolerance = 2

/** The limit changes after this many responses, or after as many as the limit if that is larger. */
const minWindow = 8

/** The smallest latencies are measured again after this time, in milliseconds: the host may have become slower. */
const memory = 300_000

/** The limit of one host, which is never below 1. */
export type Concurrency = ReturnType<typeof make>

export const make = (options: Options) => {
  const max = options.max ?? 64
  let limit = Math.min(options.start ?? 8, max)
  /** Up to here the limit doubles, beyond it grows by one. */
  let proven = limit
  let answers = 0
  let slow = 0
  let wasFull = false
  let learnedAt: number | undefined
  const smallest = new Map<string, number>()

  const set = (value: number, provenLimit: number) => {
    limit = Math.max(1, value)
    proven = Math.max(1, provenLimit)
    answers = slow = 0
    wasFull = false
  }

  /** Whether the latency shows a queue. */
  const isSlow = (kind: string, latency: number): boolean => {
    const fastest = smallest.get(kind)
    if (fastest !== undefined && latency >= fastest) return latency > fastest * tolerance + noise
    smallest.set(kind, latency)
    return false
  }

  return {
    limit: () => limit,
    /**
     * An answer came. Only answers of the same kind are compared; `latency` and the monotonic time `now` are in
     * milliseconds; `full` where as many requests as allowed were under way.
     */
    answered: (kind: string, latency: number, full: boolean, now: number) => {
      learnedAt ??= now
      if (now - learnedAt > memory) {
        // With fewer requests the host shows its latency without a queue.
        smallest.clear()
        learnedAt = now
        set(Math.floor(limit / 2), limit)
      }
      answers++
      if (isSlow(kind, latency)) slow++
      if (full) wasFull = true
      if (answers < Math.max(limit, minWindow)) return
      if (slow * 2 >= answers) set(Math.floor(limit * 0.8), Math.floor(limit * 0.8))
      else if (slow * 4 > answers || !wasFull) set(limit, proven)
      else set(Math.min(max, limit < proven ? Math.min(limit * 2, proven) : limit + 1), proven)
    },
    /** The host, or the way to it, is overloaded: half as many. */
    halve: () => set(Math.floor(limit / 2), Math.floor(limit / 2)),
    /** The host wants no requests for now: one by one afterwards, and twice as many each time that this went well. */
    restart: () => set(1, Math.max(Math.floor(limit / 2), Math.floor(proven / 2)))
  }
}
