/** Keeps a snapshot: `saveOnce.ts <path>`. */
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { largeSnapshot } from "./largeSnapshot.ts"

const program = Effect.gen(function* () {
  const store = yield* SnapshotStore.SnapshotStore
  yield* store.save(largeSnapshot(1, 10))
  const { length } = yield* store.history
  process.stdout.write(`${length} kept, without history: ${!store.keepsHistory}\n`)
})

await Effect.runPromise(Effect.provide(program, Sqlite.layer({ path: process.argv[2]! })))
