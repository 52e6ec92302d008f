/**
 * How long earlier snapshots are kept.
 *
 * @since 0.1.0
 */
import { DateTime, Duration, Effect, Layer, Option, Schedule } from "effect"
import { downsample } from "../history/History.ts"
import * as Leadership from "./Leadership.ts"
import { SnapshotStore } from "./SnapshotStore.ts"
import * as OptionRange from "../text/OptionRange.ts"

/**
 * How old snapshots may become: every one, then the last of each hour, then the last of each day (UTC).
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy {
  /** How long every snapshot is kept: the pages of a list go on in the one that they began in. Default 2 hours. */
  readonly all?: Duration.Input | undefined
  /** How long the last one of each hour is kept. Default 31 days. */
  readonly hourly?: Duration.Input | undefined
  /** How long the last one of each day is kept. Default 731 days. */
  readonly daily?: Duration.Input | undefined
}

const requirePolicy = ({ all, daily, hourly }: Policy) =>
  OptionRange.check("Retention", {
    all: [all, OptionRange.pause],
    hourly: [hourly, OptionRange.pause],
    daily: [daily, OptionRange.pause]
  })

const lastOfEach = (instants: ReadonlyArray<DateTime.Utc>, step: Duration.Input): ReadonlySet<number> =>
  new Set(
    downsample(
      instants.map((takenAt) => ({ takenAt })),
      Duration.fromInputUnsafe(step)
    ).map(({ takenAt }) => DateTime.toEpochMillis(takenAt))
  )

/**
 * The instants, of those given in any order, whose snapshots are to be forgotten `now`. The newest is never among them, nor
 * is one that the hour or the day is kept for: to forget often comes to the same as to forget once. Throws a `RangeError`
 * for a policy out of its range, rather than to forget what should be kept.
 *
 * @category selecting
 * @since 0.1.0
 */
export const select = (
  instants: ReadonlyArray<DateTime.Utc>,
  policy: Policy,
  now: DateTime.Utc
): ReadonlyArray<DateTime.Utc> => {
  requirePolicy(policy)
  const sorted = instants.toSorted(DateTime.Order)
  const newest = sorted.at(-1)
  const [hours, days] = [lastOfEach(sorted, "1 hour"), lastOfEach(sorted, "1 day")]
  const all = Duration.toMillis(policy.all ?? "2 hours")
  const hourly = Duration.toMillis(policy.hourly ?? "31 days")
  const daily = Duration.toMillis(policy.daily ?? "731 days")
  return sorted.filter((instant) => {
    const millis = DateTime.toEpochMillis(instant)
    const age = DateTime.toEpochMillis(now) - millis
    const kept =
      instant === newest || age <= all || (age <= hourly && hours.has(millis)) || (age <= daily && days.has(millis))
    return !kept
  })
}

/**
 * Forgets the snapshots that the policy does not keep, unless another replica leads. Returns their number.
 *
 * @category running
 * @since 0.1.0
 */
export const prune = Effect.fn("Retention.prune")(function* (policy: Policy) {
  const store = yield* SnapshotStore
  const leadership = yield* Effect.serviceOption(Leadership.Leadership)
  if (Option.isSome(leadership) && (yield* leadership.value.state) === "following") return 0
  const selected = select(yield* store.history, policy, yield* DateTime.now)
  return selected.length === 0 ? 0 : yield* store.forget(selected)
})

/** The first time is soon after the start, and not at once: there is enough to do then. */
const first: Duration.Input = "5 minutes"
const schedule = Schedule.jittered(Schedule.spaced("1 hour"))

/**
 * Forgets in the background, about once an hour, as long as its scope is open. A store that fails is asked again the next time;
 * one that keeps no history is left alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (policy: Policy = {}): Layer.Layer<never, never, SnapshotStore> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      requirePolicy(policy)
      if (!(yield* SnapshotStore).keepsHistory) return
      const round = prune(policy).pipe(
        Effect.tap((count) => (count === 0 ? Effect.void : Effect.logInfo(`forgot ${count} earlier snapshots`))),
        Effect.catchCause((cause) =>
          Effect.logWarning("earlier snapshots could not be forgotten; the next time", cause)
        )
      )
      yield* Effect.repeat(round, schedule).pipe(Effect.delay(first), Effect.forkScoped)
    })
  )
