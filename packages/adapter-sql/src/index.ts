/**
 * Snapshots with their history in a SQL database, shared by all replicas: SQLite here, PostgreSQL in `./postgres`.
 *
 * @since 0.1.0
 */
export * as Database from "./database/Database.ts"
export * as PostgresUrl from "./postgres/PostgresUrl.ts"
export * as Sqlite from "./sqlite/Sqlite.ts"
export * as SqliteClient from "./sqlite/SqliteClient.ts"
export * as SqlLeadership from "./ports/SqlLeadership.ts"
export * as SqlLoginAttempts from "./ports/SqlLoginAttempts.ts"
export * as SqlMigrations from "./database/SqlMigrations.ts"
export * as SqlRevocation from "./ports/SqlRevocation.ts"
export * as SqlSnapshotStore from "./ports/SqlSnapshotStore.ts"
