/**
 * The tables and their migrations.
 *
 * A step only adds tables, or columns with a default, so that replicas of an earlier version continue to work. A step
 * that must change more states the lowest version that can use its result; earlier versions then refuse the database.
 *
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"
import { SqlError } from "effect/sql"
import type { Database } from "./Database.ts"
import { columns, figures, initial, measuredSizes, type Table } from "./Tables.ts"

/**
 * A newer version of the program has changed the tables in a way that this one cannot work with.
 *
 * @category errors
 * @since 0.1.0
 */
export class SchemaTooNew extends Schema.TaggedError<SchemaTooNew>()("SchemaTooNew", {
  version: Schema.Int,
  minimum: Schema.Int,
  known: Schema.Int
}) {
  override get message(): string {
    return (
      `the database was made over by a newer version of the program: its tables have version ${this.version} and ask ` +
      `for ${this.minimum} at least, while this program knows ${this.known}. Update the program, or give it another ` +
      "database (or schema)"
    )
  }
}

/** A migration. `minimum` is the lowest version of the program that can use its result. */
interface Step {
  readonly minimum: number
  readonly run: (database: Database["Service"]) => Effect.Effect<void, SqlError.SqlError>
}

/** Creates a table of versioned rows. */
const create = Effect.fnUntraced(function* ({ dialect, sql, table: nameOf }: Database["Service"], table: Table) {
  const { integer } = dialect.types
  const lines = columns(table).map(([name, kind]) => `${name} ${dialect.types[kind]}`)
  const definitions = [...lines, `since ${integer} NOT NULL`, `until ${integer}`].join(", ")
  const name = nameOf(table.name)
  const key = Object.keys(table.key).join()
  yield* sql`CREATE TABLE ${name} (${sql.literal(definitions)})`
  yield* sql`CREATE UNIQUE INDEX ${sql.literal(`${table.name}_current`)} ON ${name} (${sql.literal(key)}) WHERE until IS NULL`
  yield* sql`CREATE INDEX ${sql.literal(`${table.name}_past`)} ON ${name} (until, since) WHERE until IS NOT NULL`
})

const first: Step = {
  minimum: 1,
  run: Effect.fnUntraced(function* (database) {
    const { dialect, sql, table } = database
    const { bytes, integer, real, text } = dialect.types
    yield* sql`CREATE TABLE ${table("snapshots")} (${sql.literal(
      `id ${integer} PRIMARY KEY, taken_at ${integer} NOT NULL, duration ${real} NOT NULL, stale ${integer} NOT NULL, ` +
        `generation ${integer}, next_id ${integer} NOT NULL`
    )})`
    yield* sql`CREATE INDEX snapshots_taken_at ON ${table("snapshots")} (taken_at)`
    // Removed snapshots whose rows are not removed yet.
    yield* sql`CREATE TABLE ${table("forgotten")} (${sql.literal(`id ${integer} PRIMARY KEY`)})`
    for (const each of initial) yield* create(database, each)
    yield* sql`CREATE INDEX figures_path ON ${table(figures.name)} (path, kind, since)`
    yield* sql`CREATE TABLE ${table("leadership")} (${sql.literal(
      `id ${integer} PRIMARY KEY, holder ${text} NOT NULL, generation ${integer} NOT NULL, expires_at ${integer} NOT NULL`
    )})`
    yield* sql`INSERT INTO ${table("leadership")} VALUES (1, '', 0, 0)`
    yield* sql`CREATE TABLE ${table("revocation")} (${sql.literal(`id ${integer} PRIMARY KEY, not_before ${integer} NOT NULL`)})`
    yield* sql`CREATE TABLE ${table("login_attempts")} (${sql.literal(
      `key ${bytes} PRIMARY KEY, until ${integer} NOT NULL, refused ${integer} NOT NULL, ` +
        `under_way ${integer} NOT NULL, allowed ${integer} NOT NULL`
    )})`
    yield* sql`CREATE INDEX login_attempts_until ON ${table("login_attempts")} (until)`
  })
}

/** An index that finds the rows that began after a snapshot without reading earlier rows. */
const indexBegun = ({ sql, table }: Database["Service"], { name }: Table) =>
  sql`CREATE INDEX ${sql.literal(`${name}_begun`)} ON ${table(name)} (since) WHERE until IS NULL`

const second: Step = {
  minimum: 1,
  run: (database) => Effect.forEach(initial, (table) => indexBegun(database, table), { discard: true })
}

const third: Step = {
  minimum: 1,
  run: (database) => Effect.asVoid(Effect.andThen(create(database, measuredSizes), indexBegun(database, measuredSizes)))
}

/** Changes for the leader, of replicas that get no notifications. */
const fourth: Step = {
  minimum: 1,
  run: ({ dialect, sql, table }) =>
    Effect.asVoid(
      sql`CREATE TABLE ${table("unread_changes")} (${sql.literal(`message ${dialect.types.text} NOT NULL`)})`
    )
}

/** The addresses from which users signed in. Replicas of an earlier version neither read nor write them. */
const fifth: Step = {
  minimum: 1,
  run: Effect.fnUntraced(function* ({ dialect, sql, table }) {
    const { bytes, integer } = dialect.types
    yield* sql`CREATE TABLE IF NOT EXISTS ${table("known_addresses")} (${sql.literal(
      `key ${bytes} PRIMARY KEY, owner ${bytes} NOT NULL, seen ${integer} NOT NULL`
    )})`
    yield* sql`CREATE INDEX IF NOT EXISTS known_addresses_owner ON ${table("known_addresses")} (owner, seen)`
    yield* sql`CREATE INDEX IF NOT EXISTS known_addresses_seen ON ${table("known_addresses")} (seen)`
  })
}

const steps: ReadonlyArray<Step> = [first, second, third, fourth, fifth]

/**
 * The version of the tables that this program creates and supports.
 *
 * @category constants
 * @since 0.1.0
 */
export const version: number = steps.length

/**
 * Creates the tables, or migrates tables of an earlier version. Tables of a newer version are not changed. One replica
 * migrates while the others wait. Nothing is written where the tables are up to date, so that a read-only database will do.
 *
 * @category migrating
 * @since 0.1.0
 */
export const migrate = (database: Database["Service"]): Effect.Effect<void, SqlError.SqlError | SchemaTooNew> => {
  const { dialect, exclusively, sql, table } = database
  const { integer } = dialect.types
  const read = Effect.gen(function* () {
    const [row] = yield* sql`SELECT version, minimum FROM ${table("schema_version")}`.values
    const [found, minimum] = (row ?? [0, 0]).map(Number) as [number, number]
    if (minimum > version) return yield* new SchemaTooNew({ version: found, minimum, known: version })
    return { found, minimum }
  })
  const isCurrent = read.pipe(
    Effect.map(({ found }) => found >= version),
    // The first start finds no tables.
    Effect.catchIf(SqlError.isSqlError, (error) =>
      error.reason._tag === "ConnectionError" ? Effect.fail(error) : Effect.succeed(false)
    )
  )
  const change = exclusively(
    Effect.gen(function* () {
      yield* sql`CREATE TABLE IF NOT EXISTS ${table("schema_version")} (${sql.literal(
        `version ${integer} NOT NULL, minimum ${integer} NOT NULL`
      )})`
      const { found, minimum } = yield* read
      if (found >= version) return
      for (const step of steps.slice(found)) yield* step.run(database)
      const needed = Math.max(minimum, ...steps.slice(found).map((step) => step.minimum))
      yield* sql`DELETE FROM ${table("schema_version")}`
      yield* sql`INSERT INTO ${table("schema_version")} VALUES (${version}, ${needed})`
    })
  )
  return Effect.flatMap(isCurrent, (isCurrent) => (isCurrent ? Effect.void : change))
}
