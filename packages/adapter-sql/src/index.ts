/**
 * Snapshots with their history in a SQL database, shared by all replicas: SQLite here, PostgreSQL in `./postgres`.
 *
 * @since 0.1.0
 */
export * as Database from "./Database.ts"
export * as Sqlite from "./Sqlite.ts"
export * as SqliteClient from "./SqliteClient.ts"
export * as SqlLeadership from "./SqlLeadership.ts"
export * as SqlLoginAttempts from "./SqlLoginAttempts.ts"
export * as SqlMigrations from "./SqlMigrations.ts"
export * as SqlRevocation from "./SqlRevocation.ts"
export * as SqlSnapshotStore from "./SqlSnapshotStore.ts"
