/** A resource as a page for people: its state as a table, its links, and its embedded resources as a list. */
import { Bytes, type Hal, Markup } from "@gitlab-registry-usage/core"

const { escape } = Markup

const label = (key: string) => escape(key.replaceAll("_", " "))

/** The fields that are sizes, and those that are instants (seconds since 1970), by their names. */
const isSize = (key: string) => key.endsWith("size") || key === "before" || key === "after" || key === "capacity"
const instants = new Set(["timestamp", "from", "to", "full_at"])

type State = Hal.Resource["state"]

const isRecord = (value: Hal.Json): value is State =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Formats a value. A size has a unit, and its exact number as the title; an unknown size is `unknown`. */
const valueOf = (key: string, value: Hal.Json): string => {
  if (value === null) return "<em>unknown</em>"
  if (isSize(key) && Bytes.isBytes(value)) {
    return `<span title="${value} bytes">${escape(Bytes.format(value))}</span>`
  }
  if (instants.has(key) && typeof value === "number") {
    const instant = new Date(value * 1000).toISOString()
    return `<time datetime="${instant}">${instant}</time>`
  }
  if (key === "points" && Array.isArray(value)) return pointsOf(value.filter(isRecord))
  return escape(typeof value === "string" ? value : JSON.stringify(value))
}

/** The most rows of a page. */
const maximumRows = 1000

const tableOf = (columns: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  `<table><thead><tr>${columns.map((column) => `<th scope="col">${label(column)}</th>`).join("")}</tr></thead><tbody>${rows
    .map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`)
    .join("\n")}</tbody></table>`

/** The latest points of a time series, the last one first. */
const pointsOf = (points: ReadonlyArray<State>): string => {
  const columns = Object.keys(points[0] ?? {})
  const shown = points.slice(-maximumRows).toReversed()
  return points.length === 0
    ? "<em>none</em>"
    : tableOf(
        columns,
        shown.map((point) => columns.map((column) => valueOf(column, point[column] ?? null)))
      )
}

const linkTo = (link: Hal.Link, text: string) => `<a href="${escape(link.href)}">${escape(text)}</a>`

const table = (columns: ReadonlyArray<string>, rows: ReadonlyArray<Hal.Resource>) =>
  tableOf(
    columns,
    rows.map((row) =>
      columns.map((column, i) => {
        const value = row.state[column]
        const links = row.links()
        // A resource without a document of its own links to its entity.
        if (i === 0) return linkTo((links["about"] ?? links["self"]) as Hal.Link, String(value))
        return value === undefined ? "" : valueOf(column, value)
      })
    )
  )

const style = `:root{color-scheme:light dark;font-family:system-ui,sans-serif;line-height:1.5}
body{max-width:60rem;margin:0 auto;padding:1rem}
table{border-collapse:collapse;width:100%}th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #8884}
th:first-child,td:first-child{text-align:left}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dd{margin:0}nav a{margin-right:1rem}`

/** The policy of the page: it loads nothing and has only its own style. */
export const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Renders a resource as a complete HTML document. */
export const render = (resource: Hal.Resource): string => {
  const relations = resource.links()
  const self = decodeURIComponent((relations["self"] as Hal.Link).href.replace(/\?.*$/, ""))
  const title = String(resource.state["name"] ?? self)
  const links = Object.entries(relations).flatMap(([relation, link]) =>
    relation === "self" || Array.isArray(link) || "templated" in link ? [] : [linkTo(link as Hal.Link, relation)]
  )
  const tables = Object.values(resource.embedded).map((get) => {
    const value = get()
    const items = "state" in value ? [] : Array.from(value)
    const shown = items.slice(0, maximumRows)
    const more = items.length - shown.length
    return items.length === 0
      ? ""
      : `${table([...new Set(shown.flatMap((item) => Object.keys(item.state)))], shown)}${
          more > 0 ? `<p>${more} more: see them with ?page_size=${maximumRows}</p>` : ""
        }`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)} · GitLab Registry Usage</title><style>${style}</style></head>
<body><nav>${links.join(" ")}</nav><main><h1>${escape(title)}</h1>
<dl>${Object.entries(resource.state)
    .map(([key, value]) => `<dt>${label(key)}</dt><dd>${valueOf(key, value)}</dd>`)
    .join("\n")}</dl>
${tables.join("\n")}</main></body></html>
`
}
