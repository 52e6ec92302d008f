/**
 * A table in GitLab Flavored Markdown.
 */
import { PrintableText } from "@gitlab-registry-usage/core"
import type { Column, Row, Table } from "./Table.ts"
import * as Format from "./Format.ts"
import * as Pieces from "./Pieces.ts"

const { printable } = PrintableText

/** The text on one line, with the signs escaped that have a meaning in Markdown or name a person or a thing in GitLab. */
export const escape = (text: string) => printable(text).replace(/[\\|*_`<>[\]&~#@$]/g, (sign) => `\\${sign}`)

const isLeft = ({ kind }: Column) => kind === "name" || kind === "prose" || kind === "text"

/** The table in pieces. */
export function* render(table: Table, style: Format.Style): Generator<string> {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |\n`
  const cell = (row: Row) => (column: Column) => {
    const text = escape(Format.cell(column, row, style))
    return column.kind === "name" && row.mark !== undefined ? `${text} ${escape(row.mark)}` : text
  }
  const bold = (text: string) => (text === "" ? "" : `**${text}**`)
  yield line(table.columns.map(({ heading, kind }) => (kind === "share" ? "SHARE" : heading)))
  yield line(table.columns.map((column) => (isLeft(column) ? "---" : "---:")))
  yield* Pieces.join(table.rows, (row) => line(table.columns.map(cell(row))))
  if (table.rest !== undefined) yield line(table.columns.map(cell(table.rest)))
  for (const total of table.totals ?? []) yield line(table.columns.map(cell(total)).map(bold))
}

export const text = (table: Table, style: Format.Style): string => [...render(table, style)].join("")
