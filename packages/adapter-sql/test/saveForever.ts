/** Saves one of two snapshots after the other for ever, until it is killed: `saving.ts <path>`. */
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { large } from "./large.ts"

const [path = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const store = yield* SnapshotStore.SnapshotStore
  yield* store.save(large(1))
  process.stdout.write("saved\n")
  for (let n = 2; ; n++) yield* store.save(large(n))
})

await Effect.runPromise(Effect.provide(program, Sqlite.layer({ path })))
