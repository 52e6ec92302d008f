/**
 * A table for programs: rows as records, with sizes as integers in bytes.
 */
import { Effect, Record as EffectRecord, Stream } from "effect"
import { Csv } from "effect/encoding"
import type { Column, Row, Table, Value } from "./Table.ts"

/** The version of all JSON that this program writes. It changes when a field is removed or changes its meaning. */
const schemaVersion = 1

/** A row by the names of the fields; null where a value could not be read. */
const record = (columns: ReadonlyArray<Column>, row: Row): Record<string, Value> =>
  Object.fromEntries(
    columns.flatMap(({ field, key, kind }) => {
      const value = row.values[key]
      // Four digits of a share are enough.
      const shown = kind === "share" && typeof value === "number" ? Math.round(value * 10_000) / 10_000 : value
      return shown === undefined ? [] : [[field, shown]]
    })
  )

export const records = ({ columns, rows }: Table): ReadonlyArray<Record<string, Value>> =>
  rows.map((row) => record(columns, row))

/** A JSON document with the version of the schema. */
export const document = (fields: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ schema_version: schemaVersion, ...fields }, null, 2)}\n`

/** One JSON document a line for each row. */
export const ndjson = (table: Table): string =>
  records(table)
    .map((record) => `${JSON.stringify({ schema_version: schemaVersion, ...record })}\n`)
    .join("")

const textOf = (value: Value): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? value.join(" ") : `${value}`

/** CSV (RFC 4180) with the names of the fields in the first line. An unknown value is an empty cell. */
export const csv = (table: Table, header: boolean): Effect.Effect<string> => {
  const columns = table.columns.map(({ field }) => field)
  const cells = records(table).map((record) => EffectRecord.map(record, textOf))
  return Stream.fromIterable(cells).pipe(
    Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: header })),
    Stream.mkString,
    Effect.orDie
  )
}
