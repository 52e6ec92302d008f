/**
 * What a command has to say, as a table of values that any output can render.
 */
import { Effect } from "effect"
import { type CommandFailure, usageError } from "./CommandFailure.ts"

/**
 * A value: text, a number, a list of names, or null where it could not be read. Undefined where it makes no sense, as a total of names.
 */
export type Value = string | number | boolean | ReadonlyArray<string> | null | undefined

/**
 * A column. `key` is its name for `--columns`, `field` the one in JSON and CSV, `heading` the one for people.
 *
 * - `name`: text that may be cut in its middle
 * - `text`: short text that is not
 * - `count`: an integer
 * - `bytes`: a size
 * - `change`: a difference of sizes, with its sign
 * - `share`: a part of 1, drawn as a bar
 */
export interface Column {
  readonly key: string
  readonly field: string
  readonly heading: string
  readonly kind: "name" | "text" | "count" | "bytes" | "change" | "share"
  /** Never left out where the terminal is narrow. */
  readonly essential?: true | undefined
  /** Shown by itself only in forms for them; `--columns` can choose it in all. */
  readonly audience?: "people" | "programs" | undefined
}

/**
 * The values of a row by the key of their column. `mark` says in one character that something is missing.
 */
export interface Row {
  readonly values: Readonly<Record<string, Value>>
  readonly mark?: string | undefined
}

/**
 * A table. `rest` stands for the rows that were left out, `total` for all.
 */
export interface Table {
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<Row>
  readonly rest?: Row | undefined
  readonly total?: Row | undefined
  /** What to know when reading it, each one line. Sizes are written as the output's are. */
  readonly notes?: ((size: (bytes: number) => string) => ReadonlyArray<string>) | undefined
}

/**
 * The sheet with the columns of `--columns`, in that order; without, all that are meant for the audience.
 */
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
