import { Effect, Stream } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import type { Kind } from "../database/Dialect.ts"
import { columns, type Table } from "../database/Tables.ts"

type Row = ReadonlyArray<unknown>

/** The most rows, and the approximate number of characters, of one statement. */
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

/** Writes rows that begin with the snapshot `since`. */
export const begin = ({ dialect, sql, table: nameOf }: Database["Service"], table: Table, since: number) => {
  const names = columns(table).map(([name]) => name)
  const elements = columns(table).map(([, kind], place) => dialect.element(kind, place))
  return (rows: ReadonlyArray<Row>) =>
    Effect.forEach(
      pieces(rows),
      (json) => sql`
        INSERT INTO ${nameOf(table.name)} (${sql.literal(names.join())}, since)
        SELECT ${sql.literal(elements.join())}, ${since} FROM ${dialect.elements(json)}`,
      { discard: true }
    )
}

/** Ends the rows of these keys with the snapshot `until`. */
export const end = ({ dialect, sql, table: nameOf }: Database["Service"], table: Table, until: number) => {
  const same = Object.entries(table.key).map(([name, kind], place) => `t.${name} = ${dialect.element(kind, place)}`)
  return (keys: ReadonlyArray<Row>) =>
    Effect.forEach(
      pieces(keys),
      (json) => sql`
        UPDATE ${nameOf(table.name)} SET until = ${until}
        WHERE ${dialect.rowIn(sql`
          SELECT t.${sql.literal(dialect.row)} FROM ${dialect.elements(json)} CROSS JOIN ${nameOf(table.name)} AS t
          WHERE t.until IS NULL AND ${sql.literal(same.join(" AND "))}`)}`,
      { discard: true }
    )
}

const selected = ({ dialect, sql }: Database["Service"], of: ReadonlyArray<readonly [string, Kind]>) =>
  sql.literal(of.map(([name, kind]) => dialect.read(kind, name)).join())

// The next chunk is fetched while this one is read.
const ahead = Stream.bufferArray({ capacity: 2 })

/**
 * The rows of a snapshot that an earlier one (`after`) does not have or has with other values; all rows if `after` is
 * 0.
 */
export const readBegun = <A extends object>(
  database: Database["Service"],
  table: Table,
  after: number,
  snapshot: number
): Stream.Stream<A, SqlError.SqlError> => {
  const { sql, table: nameOf } = database
  const from = sql`
    SELECT ${selected(database, columns(table))} FROM ${nameOf(table.name)}
    WHERE since > ${after} AND since <= ${snapshot}`
  return sql<A>`${from} AND until IS NULL UNION ALL ${from} AND until > ${snapshot}`.stream.pipe(ahead)
}

/** The keys of the rows of an earlier snapshot (`after`) that a snapshot does not have or has with other values. */
export const readEnded = <A extends object>(
  database: Database["Service"],
  table: Table,
  after: number,
  snapshot: number
): Stream.Stream<A, SqlError.SqlError> => {
  const { sql, table: nameOf } = database
  return sql<A>`
    SELECT ${selected(database, Object.entries(table.key))} FROM ${nameOf(table.name)}
    WHERE until > ${after} AND until <= ${snapshot} AND since <= ${after}`.stream.pipe(ahead)
}

/** The rows of a snapshot. */
export const visible = <A extends object>(database: Database["Service"], table: Table, snapshot: number) =>
  readBegun<A>(database, table, 0, snapshot)
