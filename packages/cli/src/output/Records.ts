/**
 * A table for programs: rows as records, with sizes as integers in bytes.
 */
import { PrintableText } from "@gitlab-registry-usage/core"
import { Record as EffectRecord, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as Pieces from "./Pieces.ts"
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

/** Makes each record when it is asked for: there may be millions. */
function* recordsOf({ columns, rows }: Table) {
  for (const row of rows) yield record(columns, row)
}

/** JSON in which no character reaches a terminal that it would obey. JSON escapes those below U+0020 only. */
const json = (value: unknown, space?: number): string => PrintableText.escapeJson(JSON.stringify(value, null, space))

/** A JSON document with the version of the schema. */
export const document = (fields: Readonly<Record<string, unknown>>): string =>
  `${json({ schema_version: schemaVersion, ...fields }, 2)}\n`

/** The document with the records of the table as its last field, in pieces. */
export function* documentOf(fields: Readonly<Record<string, unknown>>, rows: string, table: Table): Generator<string> {
  const whole = document({ ...fields, [rows]: [] })
  if (table.rows.length === 0) return yield whole
  const end = "]\n}\n"
  yield whole.slice(0, -end.length)
  let separator = "\n"
  yield* Pieces.join(recordsOf(table), (record) => {
    const text = `${separator}    ${json(record, 2).replaceAll("\n", "\n    ")}`
    separator = ",\n"
    return text
  })
  yield `\n  ${end}`
}

/** One JSON document a line for each row. */
export const ndjson = (table: Table): Generator<string> =>
  Pieces.join(recordsOf(table), (record) => `${json({ schema_version: schemaVersion, ...record })}\n`)

/** A spreadsheet takes text that begins with such a sign for a formula; an apostrophe has it taken for text. */
const cellText = (text: string): string => PrintableText.printable(text).replace(/^(?=[=+\-@])/, "'")

const textOf = (value: Value): string => {
  if (value === null || value === undefined) return ""
  if (typeof value === "object") return cellText(value.join(" "))
  return typeof value === "string" ? cellText(value) : `${value}`
}

/** CSV (RFC 4180) with the names of the fields in the first line. An unknown value is an empty cell. */
export const csv = (table: Table, header: boolean): Stream.Stream<string> => {
  const columns = table.columns.map(({ field }) => field)
  return Stream.fromIterable(recordsOf(table), { chunkSize: 1000 }).pipe(
    Stream.map((record) => EffectRecord.map(record, textOf)),
    Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: header })),
    Stream.orDie
  )
}
