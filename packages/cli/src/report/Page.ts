/**
 * A report as one HTML page. It needs no other file and no network, and is readable without its script.
 */
import { Inventory, Markup, PrintableText, type Usage } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import { createHash } from "node:crypto"
import * as Budget from "../tables/Budget.ts"
import * as UsageTable from "../tables/UsageTable.ts"
import * as Format from "../output/Format.ts"
import type { Column, Row, Table } from "../output/Table.ts"
import { summarize } from "../crawl/Summary.ts"
import { version } from "../Version.ts"
import type { ReportInput } from "./ReportInput.ts"
import { script, style } from "./PageStyle.ts"
import * as Treemap from "./Treemap.ts"

const escape = (text: string) => Markup.escape(PrintableText.printable(text))

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** Allows this style and this script alone, and loads nothing. */
const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`

/** The maximum of rows, which a browser sorts without a pause. */
const maxRows = 5000

const idOf = (name: string) => `r-${name.replaceAll("/", ".")}`

const drawing = { width: 1200, height: 520 }

/** The text, cut to what fits into `width` pixels; empty where that is too little to read. */
const fitting = (text: string, width: number) => {
  const letters = Math.floor((width - 8) / 6.4)
  return text.length <= letters || letters >= 6 ? Format.cut(text, letters) : ""
}

const rectangle = (at: Treemap.Rectangle, size: (bytes: number) => string): string => {
  const { bytes, depth, group, height, name, path, repository, width, x, y } = at
  if (depth === 0 || width < 1 || height < 1) return ""
  const box = `x="${x}" y="${y}" width="${width}" height="${height}"`
  const text = (shown: string, dy: number, kind: string) =>
    shown === "" ? "" : `<text class="${kind}" x="${x + 4}" y="${y + dy}">${escape(shown)}</text>`
  const tooltip = `<title>${escape(`${path}: ${size(bytes)}`)}</title>`
  if (repository === undefined) {
    return `<g>${tooltip}<rect class="group" ${box}/>${text(height < 14 ? "" : fitting(`${name} ${size(bytes)}`, width), 12, "title")}</g>`
  }
  const labels =
    height < 16
      ? ""
      : text(fitting(name, width), 14, "name") + (height < 32 ? "" : text(fitting(size(bytes), width), 28, "name"))
  return `<a href="#${escape(idOf(path))}"><g>${tooltip}<rect class="leaf g${group % 8}" ${box}/>${labels}</g></a>`
}

const map = (usage: Usage.Usage, size: (bytes: number) => string): string => {
  const rectangles = Treemap.layout(usage, drawing.width, drawing.height)
  return `<svg class="map" viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" aria-label="Repositories by bytes on disk; the table below says the same">${rectangles
    .map((at) => rectangle(at, size))
    .join("")}</svg>`
}

const cell = (column: Column, row: Row, options: Format.Style): string => {
  const value = row.values[column.key]
  if (column.kind === "share") {
    const width = typeof value === "number" ? Math.max(1, Math.round(value * 90)) : 0
    const sort = typeof value === "number" ? value : -1
    return `<td data-value="${sort}">${width === 0 || value === 0 ? "" : `<svg class="bar" aria-hidden="true"><rect width="${width}" height="10"/></svg>`}</td>`
  }
  const text = escape(Format.cell(column, row, options))
  if (column.kind === "name") {
    const mark = row.mark === undefined || row.mark === "" ? "" : ` <span class="warn">not fully read</span>`
    return `<td>${text}${mark}</td>`
  }
  return `<td data-value="${typeof value === "number" ? value : -1}">${text}</td>`
}

const tableElement = (table: Table, options: Format.Style, hasIds: boolean): string => {
  const { columns, rest, rows, totals = [] } = table
  const line = (row: Row) => columns.map((column) => cell(column, row, options)).join("")
  const head = columns
    .map(({ heading, kind }) => {
      const text = kind === "share" ? "Share" : `${heading.slice(0, 1)}${heading.slice(1).toLowerCase()}`
      return `<th scope="col" data-kind="${kind === "name" ? "text" : "number"}"><button type="button">${text}</button></th>`
    })
    .join("")
  const body = rows
    .map((row) => `<tr${hasIds ? ` id="${escape(idOf(String(row.values.name)))}"` : ""}>${line(row)}</tr>`)
    .join("\n")
  const foot = [rest, ...totals].map((row) => (row === undefined ? "" : `<tr>${line(row)}</tr>`)).join("")
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody><tfoot>${foot}</tfoot></table></div>`
}

export const render = ({ crawled, outcomes }: ReportInput, options: Format.Style): string => {
  const { takenAt, usage } = crawled.snapshot
  const { gaps, total } = summarize(crawled)
  const size = (bytes: number) => Format.size(bytes, options)
  const repositories = UsageTable.make(usage, { ...UsageTable.allRepositories, count: maxRows })
  const tags = UsageTable.make(usage, { ...UsageTable.allRepositories, of: "tags", order: "unique", count: 50 })
  const time = DateTime.formatIso(takenAt)
  const figures = [
    ["on disk", Format.sum(total.disk_bytes, total.partial, options)],
    ["in all tags", Format.sum(total.size_bytes, total.partial, options)],
    ["repositories", `${total.repositories}`],
    ["tags", `${total.tags}`],
    ...(total.repositories_unreadable > 0 ? [["not readable", `${total.repositories_unreadable}`]] : [])
  ]
  const title = `Registry usage of ${crawled.source}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="gitlab-registry-usage ${version}">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escape(title)}</h1>
<p class="dim">Read <time datetime="${time}">${time}</time></p>
<dl>${figures.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
${outcomes.map((outcome) => `<p${outcome.state === "ok" ? "" : ' class="warn"'}>${outcome.state === "OVER" ? "Over budget" : "Budget"}: ${escape(Budget.line(outcome, options))}</p>`).join("\n")}
${gaps
  .slice(0, 100)
  .map(
    (gap) => `<p class="warn">Could not read ${escape(`${Inventory.gapTarget(gap)}: ${gap.reason}: ${gap.detail}`)}</p>`
  )
  .join("\n")}
</header>
<main>
<h2>Where the disk goes</h2>
${map(usage, size)}
<h2>Repositories</h2>
<p class="dim">Disk is what a repository is charged with, so that the rows add up: unique is what only it uses, shared is used by others too. Untagged content is not counted, as registries do not list it. Size counts shared layers for every tag.</p>
<input type="search" placeholder="Filter by name" aria-label="Filter by name">
${tableElement(repositories, options, true)}
<h2>Tags that free the most</h2>
<p class="dim">Unique is what deleting this tag alone would free.</p>
${tableElement(tags, options, false)}
</main>
<script>${script}</script>
</body>
</html>
`
}
