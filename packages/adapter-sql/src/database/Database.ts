/**
 * The database of the ports: a client, transactions, and notifications between replicas.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Option, Schema, type Stream } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { Dialect } from "./Dialect.ts"

/**
 * The database cannot be used: not reachable, no such user, or a file without write permission.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()("DatabaseUnavailable", {
  database: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `the database ${this.database} cannot be used: ${this.detail}`
  }
}

/**
 * A database whose tables are in place.
 *
 * @category services
 * @since 0.1.0
 */
export class Database extends Context.Service<
  Database,
  {
    readonly sql: SqlClient.SqlClient
    /** @internal */
    readonly dialect: Dialect
    /** The name of a table with that of the schema. */
    readonly table: (name: string) => Statement.Fragment
    /** Runs an effect in a transaction during which no other replica publishes or takes over. */
    readonly exclusively: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>
    /** Runs one statement that writes. It does not wait for a snapshot that is being published. */
    readonly write: <A, E, R>(statement: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>
    /**
     * Notifies all processes that share the database, including this one. In a transaction, the commit sends the
     * notification.
     */
    readonly notify: (message: string) => Effect.Effect<void, SqlError.SqlError>
    /** The notifications. They may be lost: a reader that depends on them polls as well. */
    readonly notifications: Stream.Stream<string>
    /** Whether notifications arrive now; without them, changes for the leader are stored. */
    readonly hears: Effect.Effect<boolean>
    /** Whether notifications reach other processes. */
    readonly reachesOthers: boolean
    /** Replaces a damaged file by an empty database. Returns the path of the old file. */
    readonly setAside: Effect.Effect<Option.Option<string>, SqlError.SqlError> | undefined
  }
>()("@gitlab-registry-usage/adapter-sql/Database") {}
