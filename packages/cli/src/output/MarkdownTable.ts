/**
 * A table in GitLab Flavored Markdown.
 */
import { Markdown } from "@gitlab-registry-usage/core"
import type { Column, Row, Table } from "./Table.ts"
import * as Format from "./Format.ts"
import * as Pieces from "./Pieces.ts"

const isLeft = ({ kind }: Column) => kind === "name" || kind === "prose" || kind === "text"

/** The table in pieces. */
export function* render(table: Table, style: Format.Style): Generator<string> {
  const { escape, row: line } = Markdown
  const cell = (row: Row) => (column: Column) => {
    const text = escape(Format.cell(column, row, style))
    return column.kind === "name" && row.mark !== undefined ? `${text} ${escape(row.mark)}` : text
  }
  const bold = (text: string) => (text === "" ? "" : `**${text}**`)
  yield Markdown.head(
    table.columns.map((column) => ({
      heading: column.kind === "share" ? "SHARE" : column.heading,
      align: isLeft(column) ? "left" : "right"
    }))
  )
  yield* Pieces.join(table.rows, (row) => line(table.columns.map(cell(row))))
  if (table.rest !== undefined) yield line(table.columns.map(cell(table.rest)))
  for (const total of table.totals ?? []) yield line(table.columns.map(cell(total)).map(bold))
}

export const text = (table: Table, style: Format.Style): string => [...render(table, style)].join("")
