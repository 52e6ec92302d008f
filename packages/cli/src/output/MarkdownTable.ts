/**
 * A sheet as a table of GitLab Flavored Markdown.
 *
 * @since 0.1.0
 */
import type { Column, Row, Sheet } from "../tables/Table.ts"
import * as Format from "./Format.ts"

/**
 * Text in which no sign means something to Markdown.
 *
 * @category encoding
 * @since 0.1.0
 */
export const escape = (text: string) => text.replace(/[\\|*_`<>[\]]/g, (sign) => `\\${sign}`).replace(/\r?\n/g, " ")

const isLeft = ({ kind }: Column) => kind === "name" || kind === "text"

/**
 * @category rendering
 * @since 0.1.0
 */
export const render = (sheet: Sheet, style: Format.Style): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |\n`
  const cell = (row: Row) => (column: Column) => {
    const text = escape(Format.text(row.values[column.key], column.kind, style))
    return column.kind === "name" && row.mark !== undefined ? `${text} ${escape(row.mark)}` : text
  }
  const bold = (text: string) => (text === "" ? "" : `**${text}**`)
  return [
    line(sheet.columns.map(({ heading, kind }) => (kind === "share" ? "SHARE" : heading))),
    line(sheet.columns.map((column) => (isLeft(column) ? "---" : "---:"))),
    ...[...sheet.rows, ...(sheet.rest === undefined ? [] : [sheet.rest])].map((row) =>
      line(sheet.columns.map(cell(row)))
    ),
    ...(sheet.total === undefined ? [] : [line(sheet.columns.map(cell(sheet.total)).map(bold))])
  ].join("")
}
