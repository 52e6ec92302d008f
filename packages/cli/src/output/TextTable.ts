/**
 * A table for people, in plain text.
 *
 * Libraries for tables draw frames and cut text at its end. Here the kind of a column decides whether it may be cut or left
 * out.
 */
import type { Column, Row, Table } from "./Table.ts"
import { paint, type Style } from "./Screen.ts"
import * as Format from "./Format.ts"
import * as Pieces from "./Pieces.ts"
import * as Wrap from "./Wrap.ts"

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
/** Names and prose get this width before other columns are left out; names are then cut down to `minName`. */
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

const isLeft = ({ kind }: Column) => kind === "name" || kind === "prose" || kind === "text" || kind === "share"

const cellOf = (column: Column, row: Row, options: Options): string => {
  const value = row.values[column.key]
  if (column.kind === "share") {
    return typeof value === "number" ? (options.unicode === false ? Format.plainBar : Format.bar)(value, barWidth) : ""
  }
  const text = Format.cell(column, row, options, options.unicode)
  return column.kind === "name" && row.mark !== undefined ? `${text} ${row.mark}` : text
}

/** The number of characters; most texts are plain. */
const lengthOf = (text: string) => (/[^ -~]/.test(text) ? [...text].length : text.length)

const sum = (columns: ReadonlyArray<Column>, widths: (column: Column) => number) =>
  columns.reduce((sum, column) => sum + widths(column), gap.length * (columns.length - 1))

/**
 * The columns that fit beside each other, and the prose below them. The bar is left out first, then prose goes below from
 * the right, then each column that is not essential is left out from the right.
 */
const fitting = (columns: ReadonlyArray<Column>, widths: (column: Column) => number, available: number) => {
  const least = (column: Column) =>
    column.kind === "name" || column.kind === "prose" ? Math.min(widths(column), readableName) : widths(column)
  const from = (isOne: (column: Column) => boolean) => columns.filter(isOne).toReversed()
  const dispensable = [
    ...from(({ kind }) => kind === "share"),
    ...from(({ kind }) => kind === "prose"),
    ...from(({ essential, kind }) => kind !== "share" && kind !== "prose" && essential !== true)
  ]
  let beside = columns
  for (const column of dispensable) {
    if (sum(beside, least) <= available) break
    beside = beside.filter((other) => other !== column)
  }
  return { beside, below: columns.filter((column) => column.kind === "prose" && !beside.includes(column)) }
}

interface Line {
  readonly kind: "header" | "row" | "rest" | "total"
  readonly isMarked: boolean
  /** In the order of the table's columns. */
  readonly cells: ReadonlyArray<string>
}

function* linesOf({ columns, rest, rows, totals = [] }: Table, options: Options): Generator<Line> {
  const line = (kind: Line["kind"], row: Row): Line => ({
    kind,
    isMarked: row.mark !== undefined,
    cells: columns.map((column) => cellOf(column, row, options))
  })
  if (options.header) yield { kind: "header", isMarked: false, cells: columns.map(({ heading }) => heading) }
  for (const row of rows) yield line("row", row)
  if (rest !== undefined) yield line("rest", rest)
  for (const total of totals) yield line("total", total)
}

const styleOf = ({ isMarked, kind }: Line, column: Column, text: string): Style | undefined => {
  if (kind === "total") return "bold"
  if (kind !== "row") return "dim"
  if (isMarked && column.kind === "name") return "yellow"
  return column.kind === "share" ? "cyan" : verdicts[text]
}

/** The lines of the table in pieces, without trailing spaces. The first pieces are empty, while the widths are measured. */
export function* render(table: Table, options: Options): Generator<string> {
  const lines: Array<Line> = []
  const natural = table.columns.map(() => 0)
  yield* Pieces.join(linesOf(table, options), (line) => {
    lines.push(line)
    line.cells.forEach((cell, i) => (natural[i] = Math.max(natural[i]!, lengthOf(cell))))
    return ""
  })
  const places = new Map(table.columns.map((column, i) => [column, i]))
  const widthOf = (column: Column) => natural[places.get(column)!]!
  const available = options.width ?? Number.POSITIVE_INFINITY
  const { below, beside } = fitting(table.columns, widthOf, available)
  let excess = sum(beside, widthOf) - available
  const widths = new Map(beside.map((column) => [column, widthOf(column)]))
  // The widest is narrowed first: prose continues on the next line, and names are cut.
  const narrowed = beside.filter(({ kind }) => kind === "prose" || kind === "name")
  for (const column of narrowed.toSorted(
    (a, b) => Number(b.kind === "prose") - Number(a.kind === "prose") || widthOf(b) - widthOf(a)
  )) {
    if (excess <= 0) break
    const least = column.kind === "prose" ? readableName : Math.max(minName, lengthOf(column.heading))
    const cut = Math.min(excess, Math.max(0, widthOf(column) - least))
    widths.set(column, widthOf(column) - cut)
    excess -= cut
  }

  const textsOf = (line: Line, column: Column): ReadonlyArray<string> => {
    const full = line.cells[places.get(column)!]!
    const width = widths.get(column)!
    if (column.kind === "prose") return Wrap.paragraph(full, width)
    return [column.kind === "name" ? Format.cut(full, width) : full]
  }
  const render = (line: Line) => {
    const texts = beside.map((column) => textsOf(line, column))
    const height = Math.max(1, ...texts.map(({ length }) => length))
    const main = Array.from({ length: height }, (_, at) =>
      beside
        .map((column, i) => {
          const text = texts[i]![at] ?? ""
          const space = " ".repeat(Math.max(0, widths.get(column)! - lengthOf(text)))
          const styled = paint(options.color, styleOf(line, column, text), text)
          return isLeft(column) ? (i === beside.length - 1 ? styled : styled + space) : space + styled
        })
        .join(gap)
        .replace(/ +$/, "")
    )
    const further = below.flatMap((column) => {
      const text = line.cells[places.get(column)!]!
      if (line.kind === "header" || text === "") return []
      return Wrap.lines(`${gap}${column.label === undefined ? "" : `${column.label} `}${text}`, options.width).split(
        "\n"
      )
    })
    return [...main, ...further]
  }
  yield* Pieces.join(lines, (line) => `${render(line).join("\n")}\n`)
}
