import { NodeServices } from "@effect/platform-node"
import type { SnapshotStore } from "@gitlab-registry-usage/core"
import { SnapshotStoreTest } from "@gitlab-registry-usage/core/conformance"
import { FileSnapshotStore } from "@gitlab-registry-usage/server"
import { describe, expect, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Option } from "effect"

const withDirectory = <A, E, R>(use: (path: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped()
    return yield* use(`${directory}/state/snapshot`)
  })

SnapshotStoreTest.suite(
  "FileSnapshotStore",
  Layer.unwrap(withDirectory((path) => Effect.succeed(FileSnapshotStore.layer({ path })))).pipe(
    Layer.provide(NodeServices.layer)
  )
)

describe("FileSnapshotStore", () => {
  const cases = {
    "an empty file": () => new Uint8Array(0),
    "a file of something else": () => new TextEncoder().encode("not a snapshot".repeat(10)),
    "a file cut off": (whole: Uint8Array) => whole.slice(0, Math.floor(whole.length / 2)),
    "a file of a version from the future": (whole: Uint8Array) => whole.with(8, 99)
  }
  for (const [title, spoil] of Object.entries(cases)) {
    it.live(`F97 ${title} is set aside with its content, and the store goes on`, () =>
      withDirectory((path) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const store = yield* FileSnapshotStore.make({ path })
          const snapshot = yield* SnapshotStoreTest.snapshotOf("2026-01-01T00:00:00Z", [10])
          yield* store.save(snapshot)
          const spoilt = spoil(new Uint8Array(yield* fs.readFile(path)))
          yield* fs.writeFile(path, spoilt)
          const error = yield* Effect.flip(store.load)
          const reason = error.reason as SnapshotStore.SnapshotCorrupt
          expect(reason._tag).toBe("SnapshotCorrupt")
          expect(Buffer.compare(yield* fs.readFile(reason.movedTo!), spoilt)).toBe(0)
          expect(error.message).toContain(reason.movedTo)
          expect(Option.isNone(yield* store.load)).toBe(true)
          yield* store.save(snapshot)
          expect(Option.isSome(yield* store.load)).toBe(true)
        })
      ).pipe(Effect.provide(NodeServices.layer))
    )
  }

  it.live("F98 a path that cannot be written is an error, and the earlier snapshot stays", () =>
    withDirectory((path) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const store = yield* FileSnapshotStore.make({ path })
        const snapshot = yield* SnapshotStoreTest.snapshotOf("2026-01-01T00:00:00Z", [10])
        yield* store.save(snapshot)
        // A directory in the place of the new file: writing fails for root, too.
        yield* fs.makeDirectory(`${path}.new`)
        const error = yield* Effect.flip(store.save(snapshot))
        expect(error.reason._tag).toBe("StoreUnavailable")
        expect(Option.isSome(yield* store.load)).toBe(true)
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("F96 the temporary file of a killed process is neither read nor an obstacle", () =>
    withDirectory((path) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const store = yield* FileSnapshotStore.make({ path })
        yield* store.save(yield* SnapshotStoreTest.snapshotOf("2026-01-01T00:00:00Z", [10]))
        yield* fs.writeFile(`${path}.new`, (yield* fs.readFile(path)).slice(0, 60))
        expect(Option.isSome(yield* store.load)).toBe(true)
        const later = yield* SnapshotStoreTest.snapshotOf("2026-01-02T00:00:00Z", [10])
        yield* store.save(later)
        expect(Option.getOrThrow(yield* store.load).takenAt).toEqual(later.takenAt)
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )
})
