/**
 * The history in a store of snapshots.
 */
import { BlobChanges, Growth, History, Instant, Projection, SnapshotStore } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Layer, Option } from "effect"
import { CommandFailure, Status, usageError } from "../output/CommandFailure.ts"
import * as Format from "../output/Format.ts"
import { compare, hint, HistorySource, named, type Sample, type TimeRange } from "./HistorySource.ts"

const statuses = {
  StoreUnavailable: Status.unreachable,
  SnapshotCorrupt: Status.unexpected,
  Superseded: Status.unexpected
} as const

const read = <A>(reading: Effect.Effect<A, SnapshotStore.SnapshotStoreError>): Effect.Effect<A, CommandFailure> =>
  Effect.mapError(
    reading,
    (error) => new CommandFailure({ status: statuses[error.reason._tag], message: `--database: ${error.message}` })
  )

const samples = (points: ReadonlyArray<History.Point>): ReadonlyArray<Sample> =>
  points.flatMap(({ figures, takenAt }) => (figures === undefined ? [] : [{ figures, takenAt }]))

const resolve = (latest: DateTime.Utc, { from, to }: TimeRange): Effect.Effect<History.Period, CommandFailure> => {
  const period = { from: Instant.resolve(from, latest), to: to === undefined ? latest : Instant.resolve(to, latest) }
  const [begin, end] = [Format.minute(period.from), Format.minute(period.to)]
  return DateTime.isGreaterThan(period.from, period.to)
    ? Effect.fail(usageError(`the period ends (${end}) before it begins (${begin})`))
    : Effect.succeed(period)
}

const tooOld = (oldest: DateTime.Utc) =>
  usageError(`no snapshot is kept that is as old: the oldest is of ${DateTime.formatIso(oldest)}`)

const make = Effect.gen(function* () {
  const store = yield* SnapshotStore.SnapshotStore

  const stored = Effect.gen(function* () {
    const instants = yield* read(store.history)
    const latest = instants.at(-1)
    if (latest === undefined) return yield* usageError("--database: no snapshot is kept yet")
    return { instants, oldest: instants[0]!, latest }
  })

  const missing = Effect.fnUntraced(function* (message: string, subject: History.Entity, latest: DateTime.Utc) {
    const figures = yield* read(store.figuresAt(latest))
    const names = figures.flatMap(([{ _tag, path }]) => (_tag === "Repository" ? [path] : []))
    return yield* usageError(message, hint(subject, names))
  })

  /** Reads both snapshots: a second for some ten thousand tags. */
  const changes = Effect.fnUntraced(function* ({ from, to }: History.Period) {
    const [before, after] = [yield* store.at(from), yield* store.at(to)]
    return Option.isSome(before) && Option.isSome(after)
      ? BlobChanges.compare(before.value.usage, after.value.usage)
      : undefined
  })

  return HistorySource.of({
    timeSeries: Effect.fnUntraced(function* (subject, range, step) {
      const { latest } = yield* stored
      const period = yield* resolve(latest, range)
      const points = samples(yield* read(store.series(subject, period)))
      if (points.length === 0) {
        const now = samples(yield* read(store.series(subject, { from: latest, to: latest })))
        if (now.length === 0) {
          return yield* missing(`${named(subject)} is neither there now nor was it in this period`, subject, latest)
        }
      }
      return { period, points: History.downsample(points, step) }
    }),
    growth: Effect.fnUntraced(function* ({ by, limit, of, path, range }) {
      const { instants, latest, oldest } = yield* stored
      const period = Growth.snapshotsIn(instants, yield* resolve(latest, range))
      if (period === undefined) return yield* tooOld(oldest)
      const growth = yield* read(Growth.read({ ...store, changes }, period, { by, of, below: path, limit }))
      if (growth === undefined) {
        const message = `there is no group ${path}, and there was none in this period`
        return yield* missing(message, { _tag: "Namespace", path }, latest)
      }
      const projection = path === "" ? yield* read(Projection.read(store, latest, undefined)) : undefined
      return { period, growth, capacity: undefined, projection }
    }),
    changesSince: Effect.fnUntraced(function* (instant) {
      const { latest, oldest } = yield* stored
      const before = yield* read(store.at(Instant.resolve(instant, latest)))
      const after = yield* read(store.at(latest))
      return Option.isSome(before) && Option.isSome(after) ? compare(before.value, after.value) : yield* tooOld(oldest)
    })
  })
})

export const layer: Layer.Layer<HistorySource, never, SnapshotStore.SnapshotStore> = Layer.effect(HistorySource, make)
