/**
 * The steps that save a snapshot to a file and load it from there.
 */
import { NodeServices } from "@effect/platform-node"
import { Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { FileSnapshotStore } from "@gitlab-registry-usage/server"
import { DateTime, Effect, FileSystem, Option } from "effect"
import { peakResident, timed } from "../Measurement.ts"
import * as GeneratedRegistry from "../registry/GeneratedRegistry.ts"
import { sized } from "./Crawling.ts"

const inFile = <A, E>(effect: Effect.Effect<A, E, SnapshotStore.SnapshotStore | FileSystem.FileSystem>, path: string) =>
  effect.pipe(Effect.provide(FileSnapshotStore.layer({ path })), Effect.provide(NodeServices.layer))

export const save = Effect.fnUntraced(function* (path: string, tags: number) {
  const usage = Usage.measure(yield* GeneratedRegistry.crawl(sized(tags), true))
  const snapshot = { takenAt: yield* DateTime.now, duration: 1, stale: false, usage }
  const store = yield* SnapshotStore.SnapshotStore
  const [bytes, encode] = yield* timed(Snapshot.encode(snapshot))
  const [, save] = yield* timed(store.save(snapshot))
  const { size } = yield* (yield* FileSystem.FileSystem).stat(path)
  if (Number(size) !== bytes.length) return yield* Effect.die(new Error("the file is not as long as the snapshot"))
  return { encode, save, fileBytes: bytes.length }
}, inFile)

export const load = Effect.fnUntraced(function* (path: string) {
  const idle = peakResident()
  const store = yield* SnapshotStore.SnapshotStore
  const [loaded, load] = yield* timed(store.load)
  const peak = peakResident()
  if (Option.isNone(loaded)) return yield* Effect.die(new Error("there is no snapshot"))
  const bytes = yield* (yield* FileSystem.FileSystem).readFile(path)
  const [, decode] = yield* timed(Snapshot.decode(bytes))
  return { load, decode, idle, peak }
}, inFile)
