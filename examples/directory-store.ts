// A storage adapter: the SnapshotStore port over a directory, with one file for each of the newest snapshots.
import { Snapshot, SnapshotStore } from "@gitlab-registry-usage/core"
import { DateTime, Effect, FileSystem, Layer, Option, Path, type PlatformError, Semaphore } from "effect"

export interface Options {
  readonly directory: string
  /** How many snapshots are kept. */
  readonly keep: number
}

const suffix = ".snapshot"

/** The port's one error, for any error of the driver. */
const unavailable =
  (operation: SnapshotStore.SnapshotStoreError["operation"]) => (error: PlatformError.PlatformError) =>
    new SnapshotStore.SnapshotStoreError({
      operation,
      reason: new SnapshotStore.StoreUnavailable({ detail: error.message })
    })

const corrupt = ({ detail }: Snapshot.SnapshotError) =>
  new SnapshotStore.SnapshotStoreError({ operation: "load", reason: new SnapshotStore.SnapshotCorrupt({ detail }) })

export const make = Effect.fnUntraced(function* ({ directory, keep }: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const saving = yield* Semaphore.make(1)

  /** The files, the oldest first. A name is the instant in milliseconds, which has 13 digits until the year 2286. */
  const files = fs.readDirectory(directory).pipe(
    Effect.map((names) => names.filter((name) => name.endsWith(suffix)).toSorted()),
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed<Array<string>>([]))
  )

  return SnapshotStore.make({
    load: Effect.gen(function* () {
      const newest = (yield* Effect.mapError(files, unavailable("load"))).at(-1)
      if (newest === undefined) return Option.none()
      const bytes = yield* Effect.mapError(fs.readFile(path.join(directory, newest)), unavailable("load"))
      return Option.some(yield* Effect.mapError(Snapshot.decode(bytes), corrupt))
    }),
    // An incomplete file never has the name of a snapshot.
    save: Effect.fnUntraced(
      function* (snapshot) {
        const bytes = yield* Snapshot.encode(snapshot)
        yield* fs.makeDirectory(directory, { recursive: true })
        const partial = path.join(directory, "partial")
        yield* fs.writeFile(partial, bytes)
        yield* fs.rename(partial, path.join(directory, `${DateTime.toEpochMillis(snapshot.takenAt)}${suffix}`))
        const old = (yield* files).slice(0, -keep)
        yield* Effect.forEach(old, (name) => fs.remove(path.join(directory, name), { force: true }), { discard: true })
      },
      Effect.mapError(unavailable("save")),
      saving.withPermits(1)
    ),
    history: files.pipe(
      Effect.map((names) => names.map((name) => DateTime.makeUnsafe(Number(name.slice(0, -suffix.length))))),
      Effect.mapError(unavailable("history"))
    )
  })
})

export const layer = (options: Options) => Layer.effect(SnapshotStore.SnapshotStore, make(options))
