/**
 * What the adapters of this package share: a client, and how rows are written with it.
 *
 * @since 0.1.0
 */
import { Context, Effect, type Option, Schema, Stream } from "effect"
import { type SqlClient, type SqlError, Statement } from "effect/sql"
import type { Dialect } from "./internal/dialect.ts"
import { columns, type Table } from "./internal/tables.ts"

/**
 * The database cannot be used: not reachable, no such user, or a file that nobody may write.
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
    /** Runs this in a transaction in which nobody else publishes or takes over. */
    readonly exclusively: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>
    /** Runs one statement that writes, beside whatever is published meanwhile. */
    readonly write: <A, E, R>(statement: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>
    /** Tells all who share the database, this process included; in a transaction once that ends well. */
    readonly tell: (message: string) => Effect.Effect<void, SqlError.SqlError>
    /** What was told. It may be lost: whoever needs to know looks as well. */
    readonly heard: Stream.Stream<string>
    /** Whether what is told reaches other processes. */
    readonly reachesOthers: boolean
    /** Begins an empty database where the file is damaged. Returns where the old one is. */
    readonly setAside: Effect.Effect<Option.Option<string>, SqlError.SqlError> | undefined
  }
>()("@gitlab-registry-usage/adapter-sql/Database") {}

type Row = ReadonlyArray<unknown>

/** So many rows, and about so many characters, are written at once. */
const maximumRows = 4000
const maximumCharacters = 2_000_000

/** The rows as lists in JSON. */
function* pieces(rows: ReadonlyArray<Row>): Generator<string> {
  let piece: Array<string> = []
  let length = 0
  for (const row of rows) {
    const text = JSON.stringify(row)
    piece.push(text)
    length += text.length
    if (piece.length < maximumRows && length < maximumCharacters) continue
    yield `[${piece.join()}]`
    piece = []
    length = 0
  }
  if (piece.length > 0) yield `[${piece.join()}]`
}

const literal = Statement.literal
const lit = (text: string) => Statement.fragment([literal(text)])

/**
 * Writes rows that are there from this snapshot on.
 *
 * @category writing
 * @since 0.1.0
 */
export const begin = ({ dialect, sql, table: nameOf }: Database["Service"], table: Table, since: number) => {
  const names = columns(table).map(([name]) => name)
  const elements = columns(table).map(([, kind], place) => dialect.element(kind, place))
  return (rows: ReadonlyArray<Row>) =>
    Effect.forEach(
      pieces(rows),
      (json) => sql`
        INSERT INTO ${nameOf(table.name)} (${lit(names.join())}, since)
        SELECT ${lit(elements.join())}, ${since} FROM ${dialect.elements(json)}`,
      { discard: true }
    )
}

/**
 * Marks the rows of these keys as no longer there in this snapshot.
 *
 * @category writing
 * @since 0.1.0
 */
export const end = ({ dialect, sql, table: nameOf }: Database["Service"], table: Table, until: number) => {
  const same = Object.entries(table.key).map(([name, kind], place) => `t.${name} = ${dialect.element(kind, place)}`)
  return (keys: ReadonlyArray<Row>) =>
    Effect.forEach(
      pieces(keys),
      (json) => sql`
        UPDATE ${nameOf(table.name)} SET until = ${until}
        WHERE ${dialect.rowIn(sql`
          SELECT t.${lit(dialect.row)} FROM ${dialect.elements(json)} CROSS JOIN ${nameOf(table.name)} AS t
          WHERE t.until IS NULL AND ${lit(same.join(" AND "))}`)}`,
      { discard: true }
    )
}

/**
 * The rows of a snapshot.
 *
 * @category reading
 * @since 0.1.0
 */
export const visible = <A extends object>(
  { dialect, sql, table: nameOf }: Database["Service"],
  table: Table,
  snapshot: number
): Stream.Stream<A, SqlError.SqlError> => {
  const selected = lit(
    columns(table)
      .map(([name, kind]) => dialect.read(kind, name))
      .join()
  )
  const from = sql`SELECT ${selected} FROM ${nameOf(table.name)} WHERE since <= ${snapshot}`
  // The next piece comes while this one is read.
  return sql<A>`${from} AND until IS NULL UNION ALL ${from} AND until > ${snapshot}`.stream.pipe(
    Stream.bufferArray({ capacity: 2 })
  )
}
