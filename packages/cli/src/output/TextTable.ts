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

const cellOf = (column: Column, row: Row, options: Options): string => {
  const value = row.values[column.key]
  if (column.kind === "share") {
    return typeof value === "number" ? (options.unicode === false ? Format.plainBar : Format.bar)(value, barWidth) : ""
  }
  const text = Format.cell(column, row, options, options.unicode)
  return column.kind === "name" && row.mark !== undefined ? `${text} ${row.mark}` : text
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

interface Line {
  readonly kind: "header" | "row" | "rest" | "total"
  readonly isMarked: boolean
  readonly cells: ReadonlyMap<Column, string>
}

const linesOf = ({ columns, rest, rows, total }: Table, options: Options): ReadonlyArray<Line> => {
  const line = (kind: Line["kind"], row: Row): Line => ({
    kind,
    isMarked: row.mark !== undefined,
    cells: new Map(columns.map((column) => [column, cellOf(column, row, options)]))
  })
  const header: Line = {
    kind: "header",
    isMarked: false,
    cells: new Map(columns.map((column) => [column, column.heading]))
  }
  return [
    ...(options.header ? [header] : []),
    ...rows.map((row) => line("row", row)),
    ...(rest === undefined ? [] : [line("rest", rest)]),
    ...(total === undefined ? [] : [line("total", total)])
  ]
}

const styleOf = ({ isMarked, kind }: Line, column: Column, text: string): Style | undefined => {
  if (kind === "total") return "bold"
  if (kind !== "row") return "dim"
  if (isMarked && column.kind === "name") return "yellow"
  return column.kind === "share" ? "cyan" : verdicts[text]
}

/** The lines of the table, without trailing spaces. */
export const render = (table: Table, options: Options): string => {
  const lines = linesOf(table, options)
  const natural = new Map(
    table.columns.map((column) => [
      column,
      lines.reduce((width, { cells }) => Math.max(width, lengthOf(cells.get(column)!)), 0)
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

  const render = (line: Line) =>
    columns
      .map((column, i) => {
        const width = widths.get(column)!
        const full = line.cells.get(column)!
        const text = column.kind === "name" ? Format.cut(full, width) : full
        const space = " ".repeat(Math.max(0, width - lengthOf(text)))
        const styled = paint(options.color, styleOf(line, column, text), text)
        return isLeft(column) ? (i === columns.length - 1 ? styled : styled + space) : space + styled
      })
      .join(gap)
      .replace(/ +$/, "")
  return lines.map((line) => `${render(line)}\n`).join("")
}
