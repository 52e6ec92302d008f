import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { History, SnapshotStore } from "@gitlab-registry-usage/core"
import { DateTime, Effect } from "effect"

export const timeSeries = (path: string) =>
  Effect.gen(function* () {
    const store = yield* SnapshotStore.SnapshotStore
    const to = yield* DateTime.now
    return yield* store.series(History.wholeRegistry, { from: DateTime.subtract(to, { days: 30 }), to })
  }).pipe(Effect.provide(Sqlite.layer({ path })))
