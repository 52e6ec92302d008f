/**
 * Reports as Markdown, and their place in `docs/performance.md`.
 */
import { count, figure } from "./Format.ts"
import { isMet, type Report, type Suite, type Table, type Target } from "./Suite.ts"

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const tableText = ({ columns, rows }: Omit<Table, "title">): string =>
  [row(columns), row(columns.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(row)].join("\n")

const targetRow = (target: Target): ReadonlyArray<string> => {
  const [what, value, limit, unit] = target
  const text = (value: number) => `${Number.isInteger(value) ? count(value) : figure(value)}${unit}`
  return [what, text(value), `≤ ${text(limit)}`, isMet(target) ? "met" : "**missed**"]
}

/**
 * The section of a suite. `machine` describes where and when it ran.
 */
export const section = (suite: Suite, report: Report, machine: string): string =>
  [
    `## ${suite.title}`,
    machine,
    ...(report.targets.length === 0
      ? []
      : [tableText({ columns: ["Target", "Measured", "Wanted", ""], rows: report.targets.map(targetRow) })]),
    ...report.tables.flatMap((table) => [`### ${table.title}`, tableText(table)]),
    "### Method",
    report.method
  ].join("\n\n")

const opening = (name: string) => `<!-- bench:${name} -->`
const closing = (name: string) => `<!-- /bench:${name} -->`

/**
 * The document with the section of one suite replaced, or added at its end. Text outside of the markers stays.
 */
export const replaced = (document: string, name: string, text: string): string => {
  const marked = `${opening(name)}\n\n${text}\n\n${closing(name)}`
  const start = document.indexOf(opening(name))
  const end = document.indexOf(closing(name))
  return start < 0 || end < start
    ? `${document.trimEnd()}\n\n${marked}\n`
    : document.slice(0, start) + marked + document.slice(end + closing(name).length)
}
