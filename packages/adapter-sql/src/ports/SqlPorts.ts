import { type Leadership, type LoginAttempts, Revocation, type SnapshotStore } from "@gitlab-registry-usage/core"
import { Effect, Layer, type Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlError } from "effect/sql"
import { Database, DatabaseUnavailable } from "../database/Database.ts"
import * as SqlLeadership from "./SqlLeadership.ts"
import * as SqlLoginAttempts from "./SqlLoginAttempts.ts"
import type { SchemaTooNew } from "../database/SqlMigrations.ts"
import * as SqlRevocation from "./SqlRevocation.ts"
import * as SqlSnapshotStore from "./SqlSnapshotStore.ts"
import { describeError } from "../database/DatabaseFailure.ts"

/** The ports over any database. */
export type Ports =
  | SnapshotStore.SnapshotStore
  | Leadership.Leadership
  | Revocation.Revocation
  | LoginAttempts.LoginAttempts

/** Options of the ports, over any database. */
export interface PortOptions extends SqlSnapshotStore.Options, SqlLeadership.Options {
  /** The limits of refused sign-ins. */
  readonly attempts?: LoginAttempts.Options | undefined
}

const unavailable = (database: string) => (error: SqlError.SqlError) =>
  Effect.fail(new DatabaseUnavailable({ database, detail: describeError(error) }))

/** The layer of a database; messages contain `name`. */
export const layerDatabase = <E>(
  name: string,
  make: Effect.Effect<Database["Service"], E | SqlError.SqlError, Scope.Scope | Reactivity.Reactivity>
): Layer.Layer<Database, Exclude<E, SqlError.SqlError> | DatabaseUnavailable> =>
  Layer.effect(Database, Effect.catchIf(make, SqlError.isSqlError, unavailable(name))).pipe(
    Layer.provide(Reactivity.layer)
  ) as Layer.Layer<Database, Exclude<E, SqlError.SqlError> | DatabaseUnavailable>

/** Every port over one database; messages contain `name`. */
export const portsOver = (
  name: string,
  database: Layer.Layer<Database, DatabaseUnavailable | SchemaTooNew>,
  options: PortOptions
): Layer.Layer<Ports, DatabaseUnavailable | SchemaTooNew> =>
  Layer.mergeAll(
    SqlSnapshotStore.layer(options),
    SqlLeadership.layer(options),
    SqlLoginAttempts.layer(options.attempts),
    Layer.effect(Revocation.Revocation, Effect.catchTag(SqlRevocation.make, "SqlError", unavailable(name)))
  ).pipe(Layer.provide(database))
