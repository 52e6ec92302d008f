/**
 * Text and tables in GitLab Flavored Markdown.
 *
 * @since 0.1.0
 */
import { printable } from "./PrintableText.ts"

/**
 * The text on one line, with the signs escaped that have a meaning in Markdown or name a person or a thing in GitLab.
 *
 * @category encoding
 * @since 0.1.0
 */
export const escape = (text: string): string => printable(text).replace(/[\\|*_`<>[\]&~#@$]/g, (sign) => `\\${sign}`)

/**
 * A row of a table. The cells are Markdown.
 *
 * @category rendering
 * @since 0.1.0
 */
export const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |\n`

/**
 * The first two rows of a table: its headings, and how the cells below them are aligned.
 *
 * @category rendering
 * @since 0.1.0
 */
export const head = (columns: ReadonlyArray<{ readonly heading: string; readonly align: "left" | "right" }>): string =>
  row(columns.map(({ heading }) => heading)) + row(columns.map(({ align }) => (align === "left" ? "---" : "---:")))
