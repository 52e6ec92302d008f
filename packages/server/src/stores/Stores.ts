/** The stores of snapshots and of what replicas share, as configured. */
import { NodeServices } from "@effect/platform-node"
import { type Database, Sqlite, type SqlMigrations } from "@gitlab-registry-usage/adapter-sql"
import { Leadership, LoginAttempts, Revocation, SnapshotStore } from "@gitlab-registry-usage/core"
import { DateTime, Effect, FileSystem, Layer, Option } from "effect"
import type { ServerConfig } from "../config/options/ServerConfig.ts"
import * as FileSnapshotStore from "./FileSnapshotStore.ts"
import * as LateStores from "./LateStores.ts"

/**
 * The ports of the stores: the snapshots, and what replicas share.
 *
 * @category models
 * @since 0.1.0
 */
export type Stores =
  | SnapshotStore.SnapshotStore
  | Leadership.Leadership
  | Revocation.Revocation
  | LoginAttempts.LoginAttempts

/**
 * The database cannot be used when the server starts.
 *
 * @category errors
 * @since 0.1.0
 */
export type StoresError = Database.DatabaseUnavailable | SqlMigrations.SchemaTooNew

/** What the stores are made from. */
type Config = Pick<ServerConfig, "collector" | "http" | "store">

/**
 * What replicas would share, for a server that is alone: it is forgotten with the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAlone = (
  limiter?: LoginAttempts.Options
): Layer.Layer<Exclude<Stores, SnapshotStore.SnapshotStore>> =>
  Layer.mergeAll(Leadership.layerMemory, Revocation.layerMemory, LoginAttempts.layerMemory(limiter))

const file = (config: Config, path: string) =>
  FileSnapshotStore.layer({ path, accounting: config.collector.accounting }).pipe(
    Layer.provide(NodeServices.layer),
    Layer.merge(layerAlone(config.http.limiter))
  )

/**
 * The file alone knows which tokens were revoked. One that is not there may have been removed, or its disk is not mounted:
 * tokens of before the start are refused then. With a full or read-only disk the server starts without its database.
 */
const sqlite = (config: Config, path: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      // Tokens have whole seconds: those of this second may be later than the start.
      const start = DateTime.subtract(DateTime.startOf(yield* DateTime.now, "second"), { milliseconds: 1 })
      const database = Sqlite.layer({ path, accounting: config.collector.accounting, attempts: config.http.limiter })
      const refuseEarlierTokens = Effect.flatMap(Revocation.Revocation, ({ revoke }) => Effect.orDie(revoke(start)))
      // In memory nothing could be revoked before the start.
      const exists = path === ":memory:" ? Effect.succeed(true) : Effect.orElseSucceed(fs.exists(path), () => false)
      const opened = Layer.unwrap(
        Effect.map(exists, (exists) =>
          exists ? database : Layer.effectDiscard(refuseEarlierTokens).pipe(Layer.provideMerge(database))
        )
      )
      return Layer.catchTag(opened, "DatabaseUnavailable", (error) =>
        LateStores.layer(opened, layerAlone(config.http.limiter), error.message)
      )
    })
  ).pipe(Layer.provide(NodeServices.layer))

/** The code for PostgreSQL is loaded only where the configuration uses it. */
const postgres = (config: Config, { lease, password, url }: Extract<Config["store"], { _tag: "Postgres" }>) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@gitlab-registry-usage/adapter-sql/postgres")),
      ({ Postgres }) =>
        Postgres.layer({ url, password, lease, accounting: config.collector.accounting, attempts: config.http.limiter })
    )
  )

/** Copies the snapshot of the file into a database without snapshots. The file stays. */
const takeOver = (config: Config, path: string | undefined) =>
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

export const layer = (config: Config): Layer.Layer<Stores, StoresError> => {
  const { store } = config
  if (store._tag === "File") return file(config, store.path)
  const database = store._tag === "Sqlite" ? sqlite(config, store.path) : postgres(config, store)
  return Layer.effectDiscard(takeOver(config, store.takeOver)).pipe(Layer.provideMerge(database))
}
