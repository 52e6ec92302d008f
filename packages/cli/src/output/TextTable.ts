/**
 * A table for people, in plain text.
 *
 * Libraries for tables draw frames and cut text at its end. Here the kind of a column decides whether it may be cut or left
 * out.
 */
import type { Column, Row, Table } from "./Table.ts"
import { paint, type Style } from "./Screen.ts"
import * as Format from "./Format.ts"

export interface Options extends Format.Style {
  /** The width of the terminal in columns; undefined for no limit. */
  readonly width: number | undefined
  readonly color: boolean
  /** Whether bars are drawn in more than ASCII. Default `true`. */
  readonly unicode?: boolean | undefined
  readonly header: boolean
}

const barWidth = 12
const gap = "  "
/** Names are cut to this width before other columns are left out, and then down to `minName`. */
const readableName = 22
const minName = 8

/** The colours of words that report a state. */
const verdicts: Readonly<Record<string, Style>> = {
  ok: "green",
  "✓": "green",
  OVER: "red",
  "✗": "red",
  unknown: "yellow"
}

const isLeft = ({ kind }: Column) => kind === "name" || kind === "text" || kind === "share"

const cellOf = (column: Column, row: Row, options: Options, mark: string): string => {
  const value = row.values[column.key]
  if (column.kind === "share") {
    return typeof value === "number" ? (options.unicode === false ? Format.plainBar : Format.bar)(value, barWidth) : ""
  }
  const text = Format.text(value, column.kind, options)
  return column.kind === "name" && row.mark !== undefined ? `${text}${mark}${row.mark}` : text
}

const lengthOf = (text: string) => [...text].length

/** The columns that fit: the bar is left out first, then from the right each column that is not essential. */
const fitting = (
  columns: ReadonlyArray<Column>,
  widths: (column: Column) => number,
  available: number
): ReadonlyArray<Column> => {
  const least = (column: Column) => (column.kind === "name" ? Math.min(widths(column), readableName) : widths(column))
  const needed = (shown: ReadonlyArray<Column>) =>
    shown.reduce((sum, column) => sum + least(column), gap.length * (shown.length - 1))
  const dispensable = [
    ...columns.filter(({ kind }) => kind === "share"),
    ...columns.filter(({ essential, kind }) => kind !== "share" && essential !== true).toReversed()
  ]
  let shown = columns
  for (const column of dispensable) {
    if (needed(shown) <= available) break
    shown = shown.filter((other) => other !== column)
  }
  return shown
}

/** The lines of the table, without trailing spaces. */
export const render = (table: Table, options: Options): string => {
  const all = [
    ...table.rows,
    ...(table.rest === undefined ? [] : [table.rest]),
    ...(table.total === undefined ? [] : [table.total])
  ]
  const cells = new Map(
    all.map((row) => [row, new Map(table.columns.map((column) => [column, cellOf(column, row, options, " ")]))])
  )
  const natural = new Map(
    table.columns.map((column) => [
      column,
      all.reduce(
        (width, row) => Math.max(width, lengthOf(cells.get(row)!.get(column)!)),
        options.header ? lengthOf(column.heading) : 0
      )
    ])
  )
  const widthOf = (column: Column) => natural.get(column)!
  const available = options.width ?? Number.POSITIVE_INFINITY
  const columns = fitting(table.columns, widthOf, available)
  const names = columns.filter(({ kind }) => kind === "name")
  let excess = columns.reduce((sum, column) => sum + widthOf(column), gap.length * (columns.length - 1)) - available
  const widths = new Map(columns.map((column) => [column, widthOf(column)]))
  // The widest name is cut first.
  for (const column of names.toSorted((a, b) => widthOf(b) - widthOf(a))) {
    if (excess <= 0) break
    const cut = Math.min(excess, Math.max(0, widthOf(column) - minName))
    widths.set(column, widthOf(column) - cut)
    excess -= cut
  }

  const lineOf = (text: (column: Column) => string, style: (column: Column, text: string) => string) =>
    columns
      .map((column, i) => {
        const width = widths.get(column)!
        const full = text(column)
        const shown = column.kind === "name" ? Format.cut(full, width) : full
        const space = " ".repeat(Math.max(0, width - lengthOf(shown)))
        const styled = style(column, shown)
        return isLeft(column) ? (i === columns.length - 1 ? styled : styled + space) : space + styled
      })
      .join(gap)
      .replace(/ +$/, "")

  const { color } = options
  const rowLine = (row: Row, kind: "row" | "rest" | "total") =>
    lineOf(
      (column) => cells.get(row)!.get(column)!,
      (column, text) =>
        kind === "total"
          ? paint(color, "bold", text)
          : kind === "rest"
            ? paint(color, "dim", text)
            : row.mark !== undefined && column.kind === "name"
              ? paint(color, "yellow", text)
              : paint(color, column.kind === "share" ? "cyan" : verdicts[text], text)
    )
  return [
    ...(options.header
      ? [
          lineOf(
            ({ heading }) => heading,
            (_, text) => paint(color, "dim", text)
          )
        ]
      : []),
    ...table.rows.map((row) => rowLine(row, "row")),
    ...(table.rest === undefined ? [] : [rowLine(table.rest, "rest")]),
    ...(table.total === undefined ? [] : [rowLine(table.total, "total")])
  ]
    .map((line) => `${line}\n`)
    .join("")
}
