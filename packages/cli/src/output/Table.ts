/**
 * The result of a command, as a table of values that every output renders.
 */
import { Effect } from "effect"
import { type CommandFailure, usageError } from "./CommandFailure.ts"

/** A value is null where it could not be read, and undefined where it has no meaning, such as a total of names. */
export type Value = string | number | boolean | ReadonlyArray<string> | null | undefined

/**
 * A column. `key` is its name for `--columns`, `field` the one in JSON and CSV, `heading` the one for people.
 *
 * - `name`: text that may be cut in its middle
 * - `prose`: text of several words that is never cut: it continues on further lines, or below its row where its column
 *   would be narrow
 * - `text`: short text that is never cut
 * - `count`: an integer
 * - `bytes`: a size
 * - `change`: a difference of sizes, with its sign
 * - `share`: a part of 1, drawn as a bar
 */
export interface Column {
  readonly key: string
  readonly field: string
  readonly heading: string
  readonly kind: "name" | "prose" | "text" | "count" | "bytes" | "change" | "share"
  /** What begins the lines of a `prose` below its row. */
  readonly label?: string | undefined
  /** Never left out where the terminal is narrow. */
  readonly essential?: true | undefined
  /** Known exactly also where the other sizes of a row are the least that they can be. */
  readonly exact?: true | undefined
  /** The outputs that show the column by default; `--columns` chooses it in every output. */
  readonly audience?: "people" | "programs" | undefined
}

/**
 * The values of a row by the key of their column. `mark` is one character that marks an incomplete row. The sizes of a
 * `partial` row are the least that they can be.
 */
export interface Row {
  readonly values: Readonly<Record<string, Value>>
  readonly mark?: string | undefined
  readonly partial?: boolean | undefined
}

/** A table. `rest` sums up the rows that were left out; `totals` are about all rows, those that were left out too. */
export interface Table {
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<Row>
  readonly rest?: Row | undefined
  readonly totals?: ReadonlyArray<Row> | undefined
  /** Explanations of one line each. `size` formats sizes in the style of the output. */
  readonly notes?: ((size: (bytes: number) => string) => ReadonlyArray<string>) | undefined
}

/** The table with the columns of `--columns`, in that order; by default with all columns for the audience. */
export const select = (
  table: Table,
  chosen: string | undefined,
  audience: "people" | "programs"
): Effect.Effect<Table, CommandFailure> => {
  if (chosen === undefined) {
    return Effect.succeed({
      ...table,
      columns: table.columns.filter((column) => (column.audience ?? audience) === audience)
    })
  }
  return Effect.map(
    Effect.forEach(chosen.split(","), (text) => {
      const key = text.trim().toLowerCase()
      const column = table.columns.find((column) => column.key === key || column.field === key)
      return column === undefined
        ? Effect.fail(
            usageError(
              `--columns: no column ${JSON.stringify(key)}`,
              `there are ${table.columns.map(({ key }) => key).join(", ")}`
            )
          )
        : Effect.succeed(column)
    }),
    (columns) => ({ ...table, columns })
  )
}
