/**
 * The past as a store of snapshots keeps it.
 */
import { Diff, Growth, History, Projection, SnapshotStore, Usage, Instant } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Layer, Option } from "effect"
import { Status, CommandFailure, usageError } from "../output/CommandFailure.ts"
import * as Format from "../output/Format.ts"
import { named, HistorySource, type Sample, type TimeRange } from "./HistorySource.ts"

const statuses = {
  StoreUnavailable: Status.unreachable,
  SnapshotCorrupt: Status.unexpected,
  Superseded: Status.unexpected
} as const

const told = <A>(reading: Effect.Effect<A, SnapshotStore.SnapshotStoreError>): Effect.Effect<A, CommandFailure> =>
  Effect.mapError(
    reading,
    (error) => new CommandFailure({ status: statuses[error.reason._tag], message: `--database: ${error.message}` })
  )

const seen = (points: ReadonlyArray<History.Point>): ReadonlyArray<Sample> =>
  points.flatMap(({ figures, takenAt }) => (figures === undefined ? [] : [{ figures, takenAt }]))

const make = Effect.gen(function* () {
  const store = yield* SnapshotStore.SnapshotStore

  /** When the snapshots were taken, and the last of them. */
  const kept = Effect.gen(function* () {
    const instants = yield* told(store.history)
    const latest = instants.at(-1)
    if (latest === undefined) return yield* usageError("--database: no snapshot is kept yet")
    return { instants, oldest: instants[0]!, latest }
  })

  const tooOld = (oldest: DateTime.Utc) =>
    usageError(`no snapshot is kept that is as old: the oldest is of ${DateTime.formatIso(oldest)}`)

  const periodOf = (latest: DateTime.Utc, { from, to }: TimeRange): Effect.Effect<History.Period, CommandFailure> => {
    const period = { from: Instant.resolve(from, latest), to: to === undefined ? latest : Instant.resolve(to, latest) }
    return DateTime.isGreaterThan(period.from, period.to)
      ? Effect.fail(
          usageError(`the period ends (${Format.minute(period.to)}) before it begins (${Format.minute(period.from)})`)
        )
      : Effect.succeed(period)
  }

  return HistorySource.of({
    course: Effect.fnUntraced(function* (subject, range, step) {
      const { latest } = yield* kept
      const period = yield* periodOf(latest, range)
      const points = seen(yield* told(store.series(subject, period)))
      if (points.length === 0) {
        const now = seen(yield* told(store.series(subject, { from: latest, to: latest })))
        if (now.length === 0)
          return yield* usageError(`${named(subject)} is neither there now nor was it in this period`)
      }
      return { period, points: History.downsample(points, step) }
    }),
    growth: Effect.fnUntraced(function* ({ by, limit, of, path, range }) {
      const { instants, latest, oldest } = yield* kept
      const asked = yield* periodOf(latest, range)
      const period = Growth.snapshotsIn(instants, asked)
      if (period === undefined) return yield* tooOld(oldest)
      const growth = yield* told(Growth.read(store, period, { by, of, below: path, limit }))
      if (growth === undefined) return yield* usageError(`there is no group ${path}, and there was none in this period`)
      const projection = path === "" ? yield* told(Projection.read(store, latest, undefined)) : undefined
      return { period, growth, capacity: undefined, projection }
    }),
    since: Effect.fnUntraced(function* (when) {
      const { latest, oldest } = yield* kept
      const then = Option.getOrUndefined(yield* told(store.at(Instant.resolve(when, latest))))
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

export const layer: Layer.Layer<HistorySource, never, SnapshotStore.SnapshotStore> = Layer.effect(HistorySource, make)
