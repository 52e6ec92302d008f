/**
 * The `SnapshotStore` port over one file.
 *
 * @since 0.1.0
 */
import { Snapshot, SnapshotStore, type Usage } from "@gitlab-registry-usage/core"
import { Clock, Effect, FileSystem, Layer, Option, Path, type PlatformError, Semaphore } from "effect"

/** @category models @since 0.1.0 */
export interface Options {
  /** The file with the latest snapshot. A missing directory is created. */
  readonly path: string
  readonly accounting?: Usage.Accounting | undefined
}

const storeError = (
  operation: SnapshotStore.SnapshotStoreError["operation"],
  reason: SnapshotStore.SnapshotStoreError["reason"]
) => new SnapshotStore.SnapshotStoreError({ operation, reason })

/** The system's message distinguishes a full disk from a read-only one (`ENOSPC`, `EROFS`). */
const causeText = ({ cause }: PlatformError.PlatformError): string =>
  cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : ""

const unavailable = (operation: "load" | "save") => (error: PlatformError.PlatformError) =>
  storeError(operation, new SnapshotStore.StoreUnavailable({ detail: `${error.message}${causeText(error)}` }))

/**
 * Stores the latest snapshot in a file. A new snapshot is written to another file, synchronised to the disk, and renamed,
 * so that the file always has one complete snapshot. One process at a time may use the file. A file that is not a
 * snapshot is renamed to `<path>.corrupt-<milliseconds>`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<SnapshotStore.Operations, never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.dirname(path.resolve(options.path))
  // Saves run one at a time, because all use the same temporary file.
  const saving = yield* Semaphore.make(1)

  const setAside = Effect.fnUntraced(function* (error: Snapshot.SnapshotError) {
    const movedTo = `${options.path}.corrupt-${yield* Clock.currentTimeMillis}`
    const moved = yield* Effect.isSuccess(fs.rename(options.path, movedTo))
    return yield* storeError(
      "load",
      new SnapshotStore.SnapshotCorrupt({ detail: error.detail, ...(moved ? { movedTo } : {}) })
    )
  })

  const load = Effect.gen(function* () {
    const bytes = yield* fs.readFile(options.path).pipe(
      Effect.asSome,
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeedNone),
      Effect.mapError(unavailable("load"))
    )
    if (Option.isNone(bytes)) return Option.none<Snapshot.Snapshot>()
    return yield* Snapshot.decode(bytes.value, options).pipe(Effect.asSome, Effect.catchTag("SnapshotError", setAside))
  })

  const save = Effect.fn("FileSnapshotStore.save")(
    function* (snapshot: Snapshot.Snapshot) {
      const bytes = yield* Snapshot.encode(snapshot)
      yield* fs.makeDirectory(directory, { recursive: true, mode: 0o700 })
      const temporary = `${options.path}.new`
      yield* Effect.scoped(
        Effect.gen(function* () {
          const file = yield* fs.open(temporary, { flag: "w", mode: 0o600 })
          yield* file.writeAll(bytes)
          yield* file.sync
        })
      )
      yield* fs.rename(temporary, options.path)
    },
    Effect.mapError(unavailable("save")),
    saving.withPermits(1)
  )

  return SnapshotStore.make({
    load,
    save,
    history: Effect.map(load, (snapshot) => Option.toArray(snapshot).map(({ takenAt }) => takenAt))
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<SnapshotStore.SnapshotStore, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(SnapshotStore.SnapshotStore, make(options))
