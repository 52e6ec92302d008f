/**
 * The port that limits attempts to sign in: it counts refusals for each user and each address.
 *
 * A user has two kinds of addresses. From those from which this user signed in before, each has a count of its own, so that
 * guesses from elsewhere do not keep the user out. All others share a count, and each of them has one of its own as well.
 * One address alone does not use the shared count up: its last refusal counts for itself only.
 *
 * @since 0.1.0
 */
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { canonical, source } from "./SignInSource.ts"
import * as OptionRange from "../text/OptionRange.ts"
import * as WaitingLine from "./WaitingLine.ts"

export { canonical, source } from "./SignInSource.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /**
   * Wrong passwords for one user within the time: from each address, and from all together at which the user never signed
   * in. Keep it at least two below the directory's own lockout. Default 4.
   */
  readonly perUser?: number | undefined
  /** Wrong passwords from one address within the time; an IPv6 network /64 is one address. Default 50. */
  readonly perAddress?: number | undefined
  /** The time from the first wrong password on, after which all are forgotten. Default 5 minutes. */
  readonly window?: Duration.Input | undefined
  /** How many users, how many addresses, and how many known addresses of users are remembered. Default 100,000. */
  readonly capacity?: number | undefined
  /** How long an attempt waits for the outcome of others before it. Default 30 seconds. */
  readonly wait?: Duration.Input | undefined
}

/**
 * What came of an attempt; only a refusal counts.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "accepted" | "refused" | "unknown"

/**
 * What has a pause: a user, or an address.
 *
 * @category models
 * @since 0.1.0
 */
export type Pause = "user" | "address"

/**
 * Reports the outcome of an attempt, once. Returns the pauses that begin with it.
 *
 * @category models
 * @since 0.1.0
 */
export type Settle = (outcome: Outcome) => Effect.Effect<ReadonlySet<Pause>>

/**
 * The attempt has to wait for `retryAfter` seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limited {
  readonly _tag: "Limited"
  readonly retryAfter: number
}

/**
 * The attempt may be made, and `settle` reports its outcome. Before the password is checked, `found` counts it for the
 * entry that the directory found as well, so that several names of one user are one; it returns whether the attempt still
 * may be made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Allowed {
  readonly _tag: "Allowed"
  readonly settle: Settle
  readonly found: (entry: string) => Effect.Effect<Limited | undefined>
}

/**
 * Whether an attempt may be made.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = Allowed | Limited

/**
 * Counts attempts to sign in. One that is under way may be refused, so that others wait for its outcome where it would be
 * the last: many at once are not more than one after the other, and none of them is refused for the others' sake. No
 * operation fails: a replica that cannot reach the others counts by itself. Every adapter passes
 * `LoginAttemptsTest.suite` of `@gitlab-registry-usage/core/conformance`.
 *
 * @category services
 * @since 0.1.0
 */
export class LoginAttempts extends Context.Service<
  LoginAttempts,
  {
    /** Returns whether this user may try now, from this address; waits while others are under way. */
    readonly attempt: (username: string, address: string) => Effect.Effect<Verdict>
  }
>()("@gitlab-registry-usage/core/LoginAttempts") {}

/**
 * The options with their defaults, times in milliseconds. Throws a `RangeError` for one out of its range.
 *
 * @category options
 * @since 0.1.0
 */
export const limitsOf = (options: Options) => {
  OptionRange.check("LoginAttempts", {
    perUser: [options.perUser, OptionRange.whole(1)],
    perAddress: [options.perAddress, OptionRange.whole(1)],
    window: [options.window, OptionRange.time],
    capacity: [options.capacity, OptionRange.whole(1)],
    wait: [options.wait, OptionRange.pause]
  })
  return {
    perUser: options.perUser ?? 4,
    perAddress: options.perAddress ?? 50,
    window: Duration.toMillis(options.window ?? "5 minutes"),
    capacity: options.capacity ?? 100_000,
    wait: Duration.toMillis(options.wait ?? "30 seconds")
  }
}

/**
 * How many addresses of a user are known: the latest from which the user signed in.
 *
 * @category constants
 * @since 0.1.0
 */
export const knownAddresses = 10

/**
 * Whose count it is: a user by the name that was typed, or by the entry of the directory.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subject {
  readonly kind: "user" | "entry"
  /** In the spelling of `canonical`. */
  readonly name: string
}

/**
 * What is counted of an attempt, with the number of refusals at which it is paused; by kind of key. Of the same address
 * and the same user, `pair` is always counted. `user` is not where the user is known at the address. An entry does not
 * count for the address again, and a known user is not paused with the address.
 *
 * @category models
 * @since 0.1.0
 */
export const keysOf = (
  { perAddress, perUser }: Pick<ReturnType<typeof limitsOf>, "perAddress" | "perUser">,
  { kind }: Subject,
  isKnown: boolean
): ReadonlyArray<readonly [kind: "pair" | "user" | "address", allowed: number]> => [
  ["pair", perUser],
  ...(isKnown ? [] : ([["user", perUser]] as const)),
  ...(kind === "entry" ? [] : ([["address", isKnown ? Number.MAX_SAFE_INTEGER : perAddress]] as const))
]

/**
 * Whether the refusal of an attempt counts for the user from everywhere. `place` is that of the attempt among those of its
 * address for the user, from 1: the last one counts for the address only.
 *
 * @category getters
 * @since 0.1.0
 */
export const countsEverywhere = (place: number, perUser: number): boolean => place < Math.max(perUser, 2)

/**
 * One try to begin an attempt: it is begun, or paused (milliseconds), or has to wait for others that are under way.
 *
 * @category models
 * @since 0.1.0
 */
export type Begun =
  | { readonly _tag: "Begun"; readonly settle: Settle }
  | { readonly _tag: "Paused"; readonly pause: number }
  | { readonly _tag: "Busy"; readonly with: Pause }

const limited = (pause: number): Limited => ({
  _tag: "Limited",
  retryAfter: Math.ceil(Math.max(pause, 1000) / 1000)
})

/** How often an attempt that waits is tried again (milliseconds): replicas do not notify each other of outcomes. */
const retry = 50

const noPauses: ReadonlySet<Pause> = new Set()

/** How many attempts wait at one time. */
const maximumWaiting = 1000

/**
 * The port over tries that do not wait. At most a thousand attempts wait at one time; those for one user, and those from one
 * address, in the order of their arrival.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options,
  begin: (subject: Subject, address: string) => Effect.Effect<Begun>
): LoginAttempts["Service"] => {
  const { wait } = limitsOf(options)
  const line = WaitingLine.make(maximumWaiting)
  const resting = new Set<() => void>()
  /** Rests until an attempt of this process has its outcome, or one of another replica may have. */
  const rest = Effect.callback<void>((resume) => {
    const wake = () => resume(Effect.void)
    resting.add(wake)
    return Effect.sync(() => resting.delete(wake))
  }).pipe(Effect.raceFirst(Effect.sleep(retry)), Effect.interruptible)
  const wakeAll = Effect.sync(() => {
    // One that is woken may rest again at once.
    const woken = [...resting]
    resting.clear()
    for (const wake of woken) wake()
  })

  const verdict = (begun: Begun | undefined) =>
    begun?._tag === "Begun" ? begun : limited(begun?._tag === "Paused" ? begun.pause : 0)

  const inLine = Effect.fnUntraced(function* (subject: Subject, address: string, user: string, source: string) {
    const now = yield* Clock.currentTimeMillis
    const isLate = Effect.map(Clock.currentTimeMillis, (time) => time >= now + wait)
    // While it waits for others of its address, it keeps its place among them.
    const ofAddress = Effect.gen(function* () {
      let begun: Begun = { _tag: "Busy", with: "address" }
      while (begun._tag === "Busy" && begun.with === "address" && !(yield* isLate)) {
        begun = yield* begin(subject, address)
        if (begun._tag === "Busy" && begun.with === "address") yield* rest
      }
      return begun
    })
    const ofUser = Effect.gen(function* () {
      let begun = yield* line.hold(source, ofAddress)
      while (begun?._tag === "Busy" && !(yield* isLate)) {
        yield* rest
        begun = yield* line.hold(source, ofAddress)
      }
      return begun
    })
    return verdict(yield* line.hold(user, ofUser))
  })

  const inTurn = (subject: Subject, address: string) => {
    const [user, source] = [`${subject.kind} ${subject.name}`, `address ${address}`]
    const waiting = inLine(subject, address, user, source)
    const attempt =
      line.isFree(user) && line.isFree(source)
        ? Effect.flatMap(begin(subject, address), (begun) =>
            begun._tag === "Busy" ? waiting : Effect.succeed(verdict(begun))
          )
        : waiting
    return Effect.uninterruptible(attempt)
  }

  const allowed = (first: Settle, address: string): Allowed => {
    const begun = [first]
    return {
      _tag: "Allowed",
      settle: (outcome) =>
        Effect.suspend(() => {
          const [user, entry] = begun.splice(0)
          if (user === undefined) return Effect.succeed(noPauses)
          return entry === undefined
            ? user(outcome)
            : Effect.zipWith(user(outcome), entry(outcome), (some, others) => new Set([...some, ...others]))
        }).pipe(Effect.ensuring(wakeAll), Effect.uninterruptible),
      found: (entry) =>
        Effect.uninterruptible(
          Effect.map(inTurn({ kind: "entry", name: canonical(entry) }, address), (second) => {
            if (second._tag === "Limited") return second
            begun.push(second.settle)
            return undefined
          })
        )
    }
  }

  return LoginAttempts.of({
    attempt: (username, typed) =>
      Effect.suspend(() => {
        const address = source(typed)
        return Effect.map(inTurn({ kind: "user", name: canonical(username) }, address), (first) =>
          first._tag === "Limited" ? first : allowed(first.settle, address)
        )
      })
  })
}

interface Count {
  readonly until: number
  refused: number
  underWay: number
}

/** Counts by key. The one that was begun first is forgotten where there is no room. */
const counting = (window: number, capacity: number) => {
  const counts = new Map<string, Count>()
  return {
    find: (key: string, now: number): Count => {
      const count = counts.get(key)
      if (count !== undefined && (count.until > now || count.underWay > 0)) return count
      counts.delete(key)
      return { until: now + window, refused: 0, underWay: 0 }
    },
    begin: (key: string, count: Count): void => {
      count.underWay++
      if (counts.has(key)) return
      if (counts.size >= capacity) counts.delete(counts.keys().next().value!)
      counts.set(key, count)
    },
    forget: (key: string, count: Count): void => {
      count.refused = 0
      if (count.underWay === 0) counts.delete(key)
    },
    get size() {
      return counts.size
    }
  }
}

/**
 * Tries over counts that are forgotten with the process. `remember` makes an address known for a user.
 *
 * @category constructors
 * @since 0.1.0
 */
export const countsInMemory = (options: Options = {}) => {
  const limits = limitsOf(options)
  const { capacity, perAddress, perUser, window } = limits
  const users = counting(window, capacity)
  const addresses = counting(window, capacity)
  const known = new Map<string, Set<string>>()

  const remember = ({ kind, name }: Subject, address: string): void => {
    const user = `${kind} ${name}`
    const of = known.get(user) ?? new Set()
    known.delete(user)
    if (known.size >= capacity) known.delete(known.keys().next().value!)
    known.set(user, of)
    of.delete(address)
    of.add(address)
    if (of.size > knownAddresses) of.delete(of.values().next().value!)
  }

  const begin = (subject: Subject, address: string): Effect.Effect<Begun> =>
    Effect.map(Clock.currentTimeMillis, (now): Begun => {
      const user = `${subject.kind} ${subject.name}`
      const isKnown = known.get(user)?.has(address) ?? false
      const counted = keysOf(limits, subject, isKnown).map(([kind, allowed]) => {
        const table = kind === "address" ? addresses : users
        const key = kind === "address" ? address : kind === "user" ? user : `${user}\n${address}`
        return { kind, allowed, table, key, count: table.find(key, now) }
      })
      const paused = counted.filter(({ allowed, count }) => count.refused >= allowed)
      if (paused.length > 0) return { _tag: "Paused", pause: Math.max(...paused.map(({ count }) => count.until - now)) }
      const busy = counted.find(({ allowed, count }) => count.refused + count.underWay >= allowed)
      if (busy !== undefined) return { _tag: "Busy", with: busy.kind === "address" ? "address" : "user" }
      for (const { count, key, table } of counted) table.begin(key, count)
      const [pair] = counted
      const everywhere = countsEverywhere(pair!.count.refused + pair!.count.underWay, perUser)
      const settle = (outcome: Outcome) => {
        const pauses = new Set<Pause>()
        for (const { count, key, kind, table } of counted) {
          count.underWay--
          if (outcome === "accepted" && kind !== "address") table.forget(key, count)
          if (outcome !== "refused" || (kind === "user" && !everywhere)) continue
          count.refused++
          if (count.refused === (kind === "address" ? perAddress : perUser)) {
            pauses.add(kind === "address" ? "address" : "user")
          }
        }
        if (outcome === "accepted") remember(subject, address)
        return pauses
      }
      return { _tag: "Begun", settle: (outcome) => Effect.sync(() => settle(outcome)) }
    })

  return { begin, remember, size: () => users.size + addresses.size }
}

/**
 * Counts that are forgotten with the process. `size` returns the number of users and addresses that are counted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory = (options: Options = {}): LoginAttempts["Service"] & { readonly size: () => number } => {
  const { begin, size } = countsInMemory(options)
  return { ...make(options, begin), size }
}

/**
 * Counts that are forgotten with the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options?: Options): Layer.Layer<LoginAttempts> =>
  Layer.sync(LoginAttempts, () => LoginAttempts.of(makeMemory(options)))
