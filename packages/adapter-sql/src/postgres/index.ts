/**
 * The ports over a PostgreSQL database.
 *
 * @since 0.1.0
 */
export * as Postgres from "./Postgres.ts"
