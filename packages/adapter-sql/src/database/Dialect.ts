import { type SqlClient, Statement } from "effect/sql"

/** What a column holds: bytes are written and read as hexadecimal digits. */
export type Kind = "integer" | "real" | "text" | "bytes"

/** Where SQLite and PostgreSQL differ, as text of SQL. */
export interface Dialect {
  readonly types: Readonly<Record<Kind, string>>
  /** Milliseconds since 1970, by the clock of the database. */
  readonly now: string
  /** The elements of a list in JSON, as rows with the column `value`. */
  readonly elements: (json: string) => Statement.Fragment
  /** The element of such a row at a place, as a column of this kind. */
  readonly element: (kind: Kind, place: number) => string
  readonly read: (kind: Kind, column: string) => string
  /** The name of a row, until the row changes. */
  readonly row: string
  /** Whether a row is one of those that are selected. */
  readonly rowIn: (select: Statement.Fragment) => Statement.Fragment
  /** Locks selected rows, after other transactions that change them. */
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
  // Every integer is at most 2^53 - 1, and so exact: the driver would make a bigint of it.
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
