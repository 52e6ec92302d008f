/**
 * How many wrong passwords are tried before there is a pause: for each user, and for each address.
 *
 * @since 0.1.0
 */
import { Clock, Duration, Effect } from "effect"

/** @category models @since 0.1.0 */
export interface Options {
  /** Wrong passwords for one user within the time. Keep it below the directory's own lockout. Default 4. */
  readonly perUser?: number | undefined
  /** Wrong passwords from one address within the time. Default 50. */
  readonly perAddress?: number | undefined
  /** The time from the first wrong password on, after which all are forgotten. Default 5 minutes. */
  readonly window?: Duration.Input | undefined
  /** How many users and how many addresses are remembered. Default 100,000. */
  readonly capacity?: number | undefined
}

/** What came of an attempt; only a refusal counts. */
export type Outcome = "accepted" | "refused" | "unknown"

/**
 * The attempt may be made, and `settle` tells what came of it; or there is a pause of so many seconds.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "Allowed"; readonly settle: (outcome: Outcome) => void }
  | { readonly _tag: "Limited"; readonly retryAfter: number }

/** Characters that show nothing, and are mapped to nothing (RFC 4518, section 2.2): controls, joiners, soft hyphens. */
const invisible = /(?![\s\u0085])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/**
 * The name as a directory compares it: however it is spelt, it is one (RFC 4518, section 2: mapping, normalization, case
 * folding, insignificant spaces).
 *
 * @category getters
 * @since 0.1.0
 */
export const canonical = (username: string): string =>
  username
    .replace(invisible, "")
    .normalize("NFKC")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[\s\u0085]+/gu, " ")
    .trim()

interface Count {
  until: number
  refused: number
  underWay: number
}

/** Counts by key. The one that was begun first is forgotten where there is no room. */
const counting = (limit: number, window: number, capacity: number) => {
  const counts = new Map<string, Count>()
  return {
    /** How long the pause is, in milliseconds; 0 for none. */
    pause: (key: string, now: number): number => {
      const count = counts.get(key)
      if (count === undefined) return 0
      if (count.until <= now && count.underWay === 0) {
        counts.delete(key)
        return 0
      }
      // What is under way may be refused, too: many at once are no way around.
      return count.refused + count.underWay >= limit ? Math.max(count.until - now, 1000) : 0
    },
    begin: (key: string, now: number): Count => {
      let count = counts.get(key)
      if (count === undefined) {
        if (counts.size >= capacity) counts.delete(counts.keys().next().value!)
        counts.set(key, (count = { until: now + window, refused: 0, underWay: 0 }))
      }
      count.underWay++
      return count
    },
    forget: (key: string) => counts.delete(key),
    get size() {
      return counts.size
    }
  }
}

/**
 * A limiter that forgets with the process. An attempt counts from its begin, so that many at once are not more than one
 * after the other.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}) => {
  const window = Duration.toMillis(options.window ?? "5 minutes")
  const capacity = options.capacity ?? 100_000
  const users = counting(options.perUser ?? 4, window, capacity)
  const addresses = counting(options.perAddress ?? 50, window, capacity)
  return {
    /** Asks whether this user may try now, from this address. */
    attempt: (username: string, address: string): Effect.Effect<Verdict> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const user = canonical(username)
        const pause = Math.max(users.pause(user, now), addresses.pause(address, now))
        if (pause > 0) return { _tag: "Limited", retryAfter: Math.ceil(pause / 1000) }
        const counts = [users.begin(user, now), addresses.begin(address, now)]
        let settled = false
        return {
          _tag: "Allowed",
          settle: (outcome) => {
            if (settled) return
            settled = true
            for (const count of counts) {
              count.underWay--
              if (outcome === "refused") count.refused++
            }
            if (outcome === "accepted") users.forget(user)
          }
        }
      }),
    /** How many users and addresses are remembered. */
    size: () => users.size + addresses.size
  }
}

/** @category models @since 0.1.0 */
export type LoginLimiter = ReturnType<typeof make>
