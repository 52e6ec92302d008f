/**
 * A year of snapshots in a database: their size, and the time to save and to query them.
 */
import * as Path from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { History, Retention, Snapshot, SnapshotStore } from "@gitlab-registry-usage/core"
import { FileSnapshotStore } from "@gitlab-registry-usage/server"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Console, DateTime, Duration, Effect, FileSystem } from "effect"
import { median, timed, type Took } from "../Measurement.ts"
import * as TimeSeries from "../registry/TimeSeries.ts"

export interface Options extends TimeSeries.Options {
  readonly snapshots: number
  /** One of so many snapshots is saved whole as well. */
  readonly wholeEvery: number
  /** How often each query runs. */
  readonly questions: number
}

const walls = (took: ReadonlyArray<Took>) => took.map(({ wall }) => wall).toSorted((a, b) => a - b)

const repeated = Effect.fnUntraced(function* <A, E, R>(times: number, ask: (i: number) => Effect.Effect<A, E, R>) {
  const took = yield* Effect.forEach(Array.from({ length: times }).keys(), (i) => timed(ask(i)))
  return median(took.map(([, { wall }]) => wall))
})

/** The bytes of the database's file and of its write-ahead log. */
const bytesOf = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  let sum = 0
  for (const suffix of ["", "-wal"]) {
    if (yield* fs.exists(`${path}${suffix}`)) sum += Number((yield* fs.stat(`${path}${suffix}`)).size)
  }
  return sum
})

export const measure = Effect.fnUntraced(function* (options: Options) {
  const directory = yield* Servers.temporaryDirectory
  const path = Path.join(directory, "usage.sqlite")
  const whole = yield* FileSnapshotStore.make({ path: Path.join(directory, "snapshot") })

  return yield* Effect.gen(function* () {
    const store = yield* SnapshotStore.SnapshotStore
    const next = yield* TimeSeries.make(options)
    const saves: Array<Took> = []
    const wholes: Array<Took> = []
    const wholeBytes: Array<number> = []
    const instants: Array<DateTime.Utc> = []
    let first: Took | undefined
    let firstBytes = 0
    for (let i = 0; i < options.snapshots; i++) {
      const snapshot = next()
      instants.push(snapshot.takenAt)
      const [, took] = yield* timed(store.save(snapshot))
      if (i === 0) {
        first = took
        firstBytes = yield* bytesOf(path)
      } else saves.push(took)
      if (i % options.wholeEvery === 0) {
        wholes.push((yield* timed(whole.save(snapshot)))[1])
        wholeBytes.push((yield* Snapshot.encode(snapshot)).length)
      }
      if (i > 0 && i % 1000 === 0) yield* Console.log(`  ${i} snapshots`)
    }
    const bytes = yield* bytesOf(path)
    const [from, to] = [instants[0]!, instants.at(-1)!]
    const spread = (i: number) => instants[Math.floor(((i + 0.5) / options.questions) * instants.length)]!
    const image = (yield* store.figuresAt(to)).find(([{ _tag }]) => _tag === "Repository")![0]
    const questions = {
      // By its instant, because `load` returns the snapshot that the store has in memory.
      "The latest snapshot": yield* repeated(options.questions, () => store.at(to)),
      "A snapshot of some day": yield* repeated(options.questions, (i) => store.at(spread(i))),
      "Time series of the registry": yield* repeated(options.questions, () =>
        store.series(History.wholeRegistry, { from, to })
      ),
      "Time series of one image": yield* repeated(options.questions, () => store.series(image, { from, to })),
      "All figures on some day (growth reads two)": yield* repeated(options.questions, (i) =>
        store.figuresAt(spread(i))
      ),
      "When the snapshots were taken": yield* repeated(options.questions, () => store.history)
    }

    yield* Console.log("  deleting")
    const forgotten = Retention.select(instants, {}, to)
    const [, forget] = yield* timed(store.forget(forgotten))
    const kept = (yield* store.history).length
    const bytesAfter = yield* bytesOf(path)
    const lastSave = (yield* timed(store.save(next())))[1]
    const sorted = walls(saves)
    return {
      first: first!,
      firstBytes,
      save: { median: median(sorted), p99: sorted[Math.floor(sorted.length * 0.99)]!, last: lastSave.wall },
      saveCpu: median(saves.map(({ cpu }) => cpu)),
      bytes,
      whole: { wall: median(walls(wholes)), bytes: median(wholeBytes) },
      questions,
      retention: { kept, forget: forget.wall, bytes: bytesAfter },
      days: Duration.toDays(DateTime.distance(from, to))
    }
  }).pipe(Effect.provide(Sqlite.layer({ path })))
}, Effect.provide(NodeServices.layer))
