import { type SqlClient, Statement } from "effect/sql"

/** The type of a column. Bytes are written and read as hexadecimal digits. */
export type Kind = "integer" | "real" | "text" | "bytes"

/** The SQL in which SQLite and PostgreSQL differ. */
export interface Dialect {
  readonly types: Readonly<Record<Kind, string>>
  /** Milliseconds since 1970, by the clock of the database. */
  readonly now: string
  /** The elements of a list in JSON, as rows with the column `value`. */
  readonly elements: (json: string) => Statement.Fragment
  /** The element of such a row at a place, as a column of this kind. */
  readonly element: (kind: Kind, place: number) => string
  readonly read: (kind: Kind, column: string) => string
  /** The column that identifies a row until the row changes. */
  readonly row: string
  /** The condition that a row is among the selected rows. */
  readonly rowIn: (select: Statement.Fragment) => Statement.Fragment
  /** Locks the selected rows, once other transactions that change them have ended. */
  readonly forUpdate: string
}

const around = (before: string, inner: Statement.Fragment, after: string): Statement.Fragment =>
  Statement.fragment([Statement.literal(before), ...inner.segments, Statement.literal(after)])

export const sqlite: Dialect = {
  types: { integer: "INTEGER", real: "REAL", text: "TEXT", bytes: "BLOB" },
  now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  elements: (json) =>
    Statement.fragment([Statement.literal("json_each("), Statement.parameter(json), Statement.literal(") AS element")]),
  element: (kind, place) => (kind === "bytes" ? `unhex(value ->> ${place})` : `value ->> ${place}`),
  read: (kind, column) => (kind === "bytes" ? `lower(hex(${column})) AS ${column}` : column),
  row: "rowid",
  rowIn: (select) => around("rowid IN (", select, ")"),
  forUpdate: ""
}

const casts: Readonly<Record<Kind, (text: string) => string>> = {
  integer: (text) => `(${text})::bigint`,
  real: (text) => `(${text})::double precision`,
  text: (text) => text,
  bytes: (text) => `decode(${text}, 'hex')`
}

export const postgres: Dialect = {
  types: { integer: "BIGINT", real: "DOUBLE PRECISION", text: 'TEXT COLLATE "C"', bytes: "BYTEA" },
  now: "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
  elements: (json) =>
    Statement.fragment([
      Statement.literal("json_array_elements("),
      Statement.parameter(json),
      Statement.literal("::json) AS element(value)")
    ]),
  element: (kind, place) => casts[kind](`value ->> ${place}`),
  // The driver returns BIGINT as bigint. Every integer here is at most 2^53 - 1, which a double holds exactly.
  read: (kind, column) =>
    kind === "bytes"
      ? `encode(${column}, 'hex') AS ${column}`
      : kind === "integer"
        ? `${column}::double precision AS ${column}`
        : column,
  row: "ctid",
  rowIn: (select) => around("ctid = ANY(ARRAY(", select, "))"),
  forUpdate: "FOR UPDATE"
}

export const of = (sql: SqlClient.SqlClient): Dialect =>
  sql.onDialectOrElse({ sqlite: () => sqlite, orElse: () => postgres })
