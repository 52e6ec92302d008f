import type { Leadership, LoginAttempts, Revocation, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { type Duration, Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import { type Database, DatabaseUnavailable } from "../database/Database.ts"
import * as SqlLeadership from "./SqlLeadership.ts"
import * as SqlLoginAttempts from "./SqlLoginAttempts.ts"
import type { SchemaTooNew } from "../database/SqlMigrations.ts"
import * as SqlRevocation from "./SqlRevocation.ts"
import * as SqlSnapshotStore from "./SqlSnapshotStore.ts"
import { describeError } from "../database/DatabaseFailure.ts"

/** What any database gives. */
export type Ports =
  | SnapshotStore.SnapshotStore
  | Leadership.Leadership
  | Revocation.Revocation
  | LoginAttempts.LoginAttempts

/** What may be said of the ports, over any database. */
export interface PortOptions {
  readonly accounting?: Usage.Accounting | undefined
  /** How long who crawls is believed to, without a word from it. Default 15 seconds. */
  readonly lease?: Duration.Input | undefined
  /** How often who does not crawl looks whether it may. Default a third of the lease. */
  readonly poll?: Duration.Input | undefined
  /** How many sign-ins may be refused. */
  readonly attempts?: LoginAttempts.Options | undefined
}

export const unavailable = (database: string) => (error: SqlError.SqlError) =>
  new DatabaseUnavailable({ database, detail: describeError(error) })

/** Every port over one database, of this name. */
export const portsOver = (
  name: string,
  database: Layer.Layer<Database, DatabaseUnavailable | SchemaTooNew>,
  options: PortOptions
): Layer.Layer<Ports, DatabaseUnavailable | SchemaTooNew> =>
  Layer.mergeAll(
    SqlSnapshotStore.layer(options),
    SqlLeadership.layer(options),
    SqlLoginAttempts.layer(options.attempts),
    Layer.catchTag(SqlRevocation.layer, "SqlError", (error) =>
      Layer.effectDiscard(Effect.fail(unavailable(name)(error)))
    ) as Layer.Layer<Revocation.Revocation, DatabaseUnavailable, Database>
  ).pipe(Layer.provide(database))
