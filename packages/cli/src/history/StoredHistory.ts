/**
 * The past as a store of snapshots keeps it.
 *
 * @since 0.1.0
 */
import { Diff, Growth, History, Projection, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Layer, Option } from "effect"
import { Status, Stopped, usage as wrong } from "../output/CommandFailure.ts"
import { named, Past, projected, type Seen, type Span } from "./HistorySource.ts"
import * as When from "./Instant.ts"

const statuses = {
  StoreUnavailable: Status.unreachable,
  SnapshotCorrupt: Status.unexpected,
  Superseded: Status.unexpected
} as const

const told = <A>(reading: Effect.Effect<A, SnapshotStore.SnapshotStoreError>): Effect.Effect<A, Stopped> =>
  Effect.mapError(
    reading,
    (error) => new Stopped({ status: statuses[error.reason._tag], message: `--database: ${error.message}` })
  )

const seen = (points: ReadonlyArray<History.Point>): ReadonlyArray<Seen> =>
  points.flatMap(({ figures, takenAt }) => (figures === undefined ? [] : [{ figures, takenAt }]))

const make = Effect.gen(function* () {
  const store = yield* SnapshotStore.SnapshotStore

  /** When the snapshots were taken, and the last of them. */
  const kept = Effect.gen(function* () {
    const instants = yield* told(store.history)
    const latest = instants.at(-1)
    if (latest === undefined) return yield* wrong("--database: no snapshot is kept yet")
    return { instants, oldest: instants[0]!, latest }
  })

  const tooOld = (oldest: DateTime.Utc) =>
    wrong(`no snapshot is kept that is as old: the oldest is of ${DateTime.formatIso(oldest)}`)

  const periodOf = (latest: DateTime.Utc, { from, to }: Span): Effect.Effect<History.Period, Stopped> => {
    const period = { from: When.resolve(from, latest), to: to === undefined ? latest : When.resolve(to, latest) }
    return DateTime.isGreaterThan(period.from, period.to)
      ? Effect.fail(wrong(`the period ends (${When.minute(period.to)}) before it begins (${When.minute(period.from)})`))
      : Effect.succeed(period)
  }

  return Past.of({
    course: Effect.fnUntraced(function* (subject, span, step) {
      const { latest } = yield* kept
      const period = yield* periodOf(latest, span)
      const points = seen(yield* told(store.series(subject, period)))
      if (points.length === 0) {
        const now = seen(yield* told(store.series(subject, { from: latest, to: latest })))
        if (now.length === 0) return yield* wrong(`${named(subject)} is neither there now nor was it in this period`)
      }
      return { period, points: History.downsample(points, step) }
    }),
    growth: Effect.fnUntraced(function* ({ by, limit, of, path, span }) {
      const { instants, latest, oldest } = yield* kept
      const asked = yield* periodOf(latest, span)
      const inForce = (instant: DateTime.Utc) =>
        instants.findLast((taken) => DateTime.isLessThanOrEqualTo(taken, instant))
      const to = inForce(asked.to)
      if (to === undefined) return yield* tooOld(oldest)
      const period = { from: inForce(asked.from) ?? oldest, to }
      const before = yield* told(store.figuresAt(period.from))
      const after = yield* told(store.figuresAt(to))
      const growth = Growth.compare(before, after, { by, of, below: path, limit })
      if (growth === undefined) return yield* wrong(`there is no group ${path}, and there was none in this period`)
      if (path !== "") return { period, growth, capacity: undefined, projection: undefined }
      const points = yield* told(
        store.series(History.wholeRegistry, { from: DateTime.subtractDuration(latest, projected), to: latest })
      )
      const levels = points.map(({ figures, takenAt }) => ({ takenAt, size: figures?.sizes?.diskSize }))
      return { period, growth, capacity: undefined, projection: Projection.project(levels, undefined) }
    }),
    since: Effect.fnUntraced(function* (when) {
      const { latest, oldest } = yield* kept
      const then = Option.getOrUndefined(yield* told(store.at(When.resolve(when, latest))))
      const now = Option.getOrUndefined(yield* told(store.at(latest)))
      if (then === undefined || now === undefined) return yield* tooOld(oldest)
      const state = ({ takenAt, usage }: typeof now) => ({ takenAt, diskSize: Usage.total(usage).diskSize })
      return {
        before: state(then),
        after: state(now),
        accounting: now.usage.accounting,
        changes: Diff.compare(then.usage, now.usage)
      }
    })
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Past, never, SnapshotStore.SnapshotStore> = Layer.effect(Past, make)
