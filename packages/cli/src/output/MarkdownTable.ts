/**
 * A table in GitLab Flavored Markdown.
 */
import type { Column, Row, Table } from "./Table.ts"
import * as Format from "./Format.ts"

/** The text with Markdown's special characters escaped, on one line. */
export const escape = (text: string) => text.replace(/[\\|*_`<>[\]]/g, (sign) => `\\${sign}`).replace(/\r?\n/g, " ")

const isLeft = ({ kind }: Column) => kind === "name" || kind === "text"

export const render = (table: Table, style: Format.Style): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |\n`
  const cell = (row: Row) => (column: Column) => {
    const text = escape(Format.cell(column, row, style))
    return column.kind === "name" && row.mark !== undefined ? `${text} ${escape(row.mark)}` : text
  }
  const bold = (text: string) => (text === "" ? "" : `**${text}**`)
  return [
    line(table.columns.map(({ heading, kind }) => (kind === "share" ? "SHARE" : heading))),
    line(table.columns.map((column) => (isLeft(column) ? "---" : "---:"))),
    ...[...table.rows, ...(table.rest === undefined ? [] : [table.rest])].map((row) =>
      line(table.columns.map(cell(row)))
    ),
    ...(table.total === undefined ? [] : [line(table.columns.map(cell(table.total)).map(bold))])
  ].join("")
}
