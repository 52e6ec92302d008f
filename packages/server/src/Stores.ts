/** Where snapshots are kept and what replicas share, as the configuration says. */
import { NodeServices } from "@effect/platform-node"
import { type Database, Sqlite, type SqlMigrations } from "@gitlab-registry-usage/adapter-sql"
import { Leadership, LoginAttempts, Revocation, SnapshotStore } from "@gitlab-registry-usage/core"
import { Effect, FileSystem, Layer, Option } from "effect"
import type { ServerConfig } from "./config/options/ServerConfig.ts"
import * as FileSnapshotStore from "./FileSnapshotStore.ts"

/** What the layer gives. */
export type Stores =
  | SnapshotStore.SnapshotStore
  | Leadership.Leadership
  | Revocation.Revocation
  | LoginAttempts.LoginAttempts

/** The database cannot be used at the start. */
export type StoresError = Database.DatabaseUnavailable | SqlMigrations.SchemaTooNew

/** A server that shares nothing with others. */
const alone = ({ http }: ServerConfig) =>
  Layer.mergeAll(Leadership.layerMemory, Revocation.layerMemory, LoginAttempts.layerMemory(http.limiter))

const file = (config: ServerConfig, path: string) =>
  FileSnapshotStore.layer({ path, accounting: config.collector.accounting }).pipe(
    Layer.provide(NodeServices.layer),
    Layer.merge(alone(config))
  )

/** A store that keeps nothing: with each snapshot it is told why. */
const unusable = (error: Database.DatabaseUnavailable) => {
  const failed = (operation: "load" | "save") =>
    Effect.fail(
      new SnapshotStore.SnapshotStoreError({
        operation,
        reason: new SnapshotStore.StoreUnavailable({ detail: error.message })
      })
    )
  return Layer.succeed(
    SnapshotStore.SnapshotStore,
    SnapshotStore.make({ load: failed("load"), save: () => failed("save") })
  )
}

/** A disk that is full or read-only is no reason not to serve. */
const sqlite = (config: ServerConfig, path: string) =>
  Sqlite.layer({ path, accounting: config.collector.accounting, attempts: config.http.limiter }).pipe(
    Layer.catchTag("DatabaseUnavailable", (error) =>
      Layer.merge(unusable(error), alone(config)).pipe(
        Layer.tap(() => Effect.logError(`${error.message}; nothing is kept until a restart`))
      )
    )
  )

/** PostgreSQL's part is loaded where it is asked for alone. */
const postgres = (config: ServerConfig, { lease, url }: Extract<ServerConfig["store"], { _tag: "Postgres" }>) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@gitlab-registry-usage/adapter-sql/postgres")),
      ({ Postgres }) =>
        Postgres.layer({ url, lease, accounting: config.collector.accounting, attempts: config.http.limiter })
    )
  )

/** The snapshot of the file goes into a database that has none. The file stays. */
const takeOver = (config: ServerConfig, path: string | undefined) =>
  path === undefined
    ? Effect.void
    : Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const store = yield* SnapshotStore.SnapshotStore
        if (Option.isSome(yield* store.load) || !(yield* fs.exists(path))) return
        const before = yield* FileSnapshotStore.make({ path, accounting: config.collector.accounting })
        const snapshot = yield* before.load
        if (Option.isNone(snapshot)) return
        yield* store.save(snapshot.value)
        yield* Effect.logInfo(`the snapshot of ${path} was taken over into the database; the file is not used any more`)
      }).pipe(
        Effect.catch((error) => Effect.logWarning(`the snapshot of ${path} was not taken over: ${error.message}`)),
        Effect.provide(NodeServices.layer)
      )

export const layer = (config: ServerConfig): Layer.Layer<Stores, StoresError> => {
  const { store } = config
  if (store._tag === "File") return file(config, store.path)
  const database = store._tag === "Sqlite" ? sqlite(config, store.path) : postgres(config, store)
  return Layer.effectDiscard(takeOver(config, store.takeOver)).pipe(Layer.provideMerge(database))
}
