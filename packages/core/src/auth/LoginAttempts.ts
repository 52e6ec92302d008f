/**
 * The port that limits attempts to sign in: it counts refusals for each user and each address.
 *
 * @since 0.1.0
 */
import { Clock, Context, Duration, Effect, Layer } from "effect"

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

/**
 * What came of an attempt; only a refusal counts.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "accepted" | "refused" | "unknown"

/**
 * The attempt may be made, and `settle` reports its outcome; or it has to wait for `retryAfter` seconds.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "Allowed"; readonly settle: (outcome: Outcome) => Effect.Effect<void> }
  | { readonly _tag: "Limited"; readonly retryAfter: number }

/**
 * Counts attempts to sign in. One counts from its begin, so that many at once are not more than one after the other.
 * No operation fails: a replica that cannot reach the others counts by itself. Every adapter passes `LoginAttemptsTest.suite`
 * of `@gitlab-registry-usage/core/conformance`.
 *
 * @category services
 * @since 0.1.0
 */
export class LoginAttempts extends Context.Service<
  LoginAttempts,
  {
    /** Asks whether this user may try now, from this address. */
    readonly attempt: (username: string, address: string) => Effect.Effect<Verdict>
  }
>()("@gitlab-registry-usage/core/LoginAttempts") {}

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

/**
 * The options with their defaults, times in milliseconds.
 *
 * @category options
 * @since 0.1.0
 */
export const limitsOf = (options: Options) => ({
  perUser: options.perUser ?? 4,
  perAddress: options.perAddress ?? 50,
  window: Duration.toMillis(options.window ?? "5 minutes"),
  capacity: options.capacity ?? 100_000
})

/**
 * The verdict for a pause in milliseconds, which is rounded up to whole seconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const limited = (pause: number): Verdict => ({
  _tag: "Limited",
  retryAfter: Math.ceil(Math.max(pause, 1000) / 1000)
})

interface Count {
  readonly until: number
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
 * Counts that are forgotten with the process. `size` returns the number of users and addresses that are remembered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory = (options: Options = {}): LoginAttempts["Service"] & { readonly size: () => number } => {
  const { capacity, perAddress, perUser, window } = limitsOf(options)
  const users = counting(perUser, window, capacity)
  const addresses = counting(perAddress, window, capacity)
  return {
    attempt: (username, address) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const user = canonical(username)
        const pause = Math.max(users.pause(user, now), addresses.pause(address, now))
        if (pause > 0) return limited(pause)
        const counts = [users.begin(user, now), addresses.begin(address, now)]
        let settled = false
        const settle = (outcome: Outcome) => {
          if (settled) return
          settled = true
          for (const count of counts) {
            count.underWay--
            if (outcome === "refused") count.refused++
          }
          if (outcome === "accepted") users.forget(user)
        }
        return { _tag: "Allowed", settle: (outcome) => Effect.sync(() => settle(outcome)) }
      }),
    size: () => users.size + addresses.size
  }
}

/**
 * Counts that are forgotten with the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options?: Options): Layer.Layer<LoginAttempts> =>
  Layer.sync(LoginAttempts, () => LoginAttempts.of(makeMemory(options)))
