/**
 * A sheet for programs: rows as records whose sizes are integers in bytes.
 *
 * @since 0.1.0
 */
import { Effect, Stream } from "effect"
import { Csv } from "effect/encoding"
import type { Column, Row, Sheet, Value } from "../tables/Table.ts"

/**
 * The version of all JSON that this program writes. It changes when a field goes or changes its meaning.
 *
 * @category constants
 * @since 0.1.0
 */
export const schemaVersion = 1

/**
 * A row by the names of the fields. What could not be read is null.
 *
 * @category encoding
 * @since 0.1.0
 */
export const record = (columns: ReadonlyArray<Column>, row: Row): Record<string, Value> =>
  Object.fromEntries(
    columns.flatMap(({ field, key, kind }) => {
      const value = row.values[key]
      // More digits of a share than four say nothing.
      const shown = kind === "share" && typeof value === "number" ? Math.round(value * 10_000) / 10_000 : value
      return shown === undefined ? [] : [[field, shown]]
    })
  )

/**
 * One JSON document for each row and line.
 *
 * @category encoding
 * @since 0.1.0
 */
export const ndjson = (sheet: Sheet): string =>
  sheet.rows
    .map((row) => `${JSON.stringify({ schema_version: schemaVersion, ...record(sheet.columns, row) })}\n`)
    .join("")

const textOf = (value: Value): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? value.join(" ") : `${value}`

/**
 * CSV (RFC 4180) with the names of the fields in the first line. What could not be read is an empty cell.
 *
 * @category encoding
 * @since 0.1.0
 */
export const csv = (sheet: Sheet, header: boolean): Effect.Effect<string> => {
  const columns = sheet.columns.map(({ field }) => field)
  return Stream.fromIterable(
    sheet.rows.map((row) =>
      Object.fromEntries(Object.entries(record(sheet.columns, row)).map(([field, value]) => [field, textOf(value)]))
    )
  ).pipe(Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: header })), Stream.mkString, Effect.orDie)
}
