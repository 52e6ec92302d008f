/** Saves one of two snapshots after the other for ever, until it is killed: `saveForever.ts <path>`. */
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { largeSnapshot } from "./largeSnapshot.ts"

const [path = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const store = yield* SnapshotStore.SnapshotStore
  yield* store.save(largeSnapshot(1))
  process.stdout.write("saved\n")
  for (let n = 2; ; n++) yield* store.save(largeSnapshot(n))
})

await Effect.runPromise(Effect.provide(program, Sqlite.layer({ path })))
