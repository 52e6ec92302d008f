/** What is on the screen, as the part of the address behind `#`: so it can be kept, sent and gone back to. */
import type { SizeKey } from "../api/Resources.ts"

export type SortKey = "name" | "disk_size" | "size" | "unique_size" | "tags"

/** How far back the trend goes. */
export type Period = "24h" | "7d" | "30d" | "1y"

export interface View {
  /** Where the map stands: `""` for all, `group/` for a namespace, `group/app` for a repository. */
  readonly path: string
  readonly query: string
  readonly sort: SortKey
  readonly descending: boolean
  /** Whether repositories stand under their namespaces. */
  readonly grouped: boolean
  readonly map: boolean
  /** The instant as of which all is shown (ISO 8601); undefined for now. */
  readonly past: string | undefined
  /** Whether the trend and the growers are shown, where there is a history. */
  readonly trend: boolean
  readonly period: Period
  /** The lines that are drawn. */
  readonly lines: ReadonlyArray<SizeKey>
  /** By which size growers are sorted. */
  readonly by: SizeKey
  readonly growers: "images" | "namespaces"
  /** What the detail tells about: `group/app`, `group/app:tag`, `group/`; `!gaps` for what could not be read. */
  readonly detail: string | undefined
}

export const periods: ReadonlyArray<Period> = ["24h", "7d", "30d", "1y"]

export const sizeKeys: ReadonlyArray<SizeKey> = ["disk_size", "unique_size", "size"]

export const start: View = {
  path: "",
  query: "",
  sort: "disk_size",
  descending: true,
  grouped: true,
  map: true,
  past: undefined,
  trend: true,
  period: "30d",
  lines: sizeKeys,
  by: "disk_size",
  growers: "images",
  detail: undefined
}

const sortKeys: ReadonlyArray<string> = ["name", "disk_size", "size", "unique_size", "tags"] satisfies Array<SortKey>

/** Slashes and colons are legible in a fragment, and allowed in it (RFC 3986, 3.5). */
const encode = (text: string) => encodeURIComponent(text).replace(/%2F/g, "/").replace(/%3A/g, ":")

const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}

/** The fragment of a view, with what differs from `start` alone. */
export const format = (view: View): string => {
  const parameters: Array<string> = []
  if (view.query !== "") parameters.push(`q=${encode(view.query)}`)
  if (view.sort !== start.sort || !view.descending) parameters.push(`sort=${view.descending ? "-" : ""}${view.sort}`)
  if (!view.grouped) parameters.push("flat=1")
  if (!view.map) parameters.push("map=0")
  if (view.past !== undefined) parameters.push(`past=${encode(view.past)}`)
  if (!view.trend) parameters.push("trend=0")
  if (view.period !== start.period) parameters.push(`period=${view.period}`)
  if (view.lines.length !== sizeKeys.length) parameters.push(`lines=${view.lines.join(",")}`)
  if (view.by !== start.by) parameters.push(`by=${view.by}`)
  if (view.growers !== start.growers) parameters.push(`of=${view.growers}`)
  if (view.detail !== undefined) parameters.push(`at=${encode(view.detail)}`)
  return `#/${encode(view.path)}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`
}

/** The view of a fragment. What it does not know it leaves out. */
export const parse = (fragment: string): View => {
  const [path = "", search = ""] = fragment.replace(/^#?\/?/, "").split(/\?(.*)/s)
  const parameters = new Map(
    search.split("&").map((pair) => {
      const [name = "", value = ""] = pair.split(/=(.*)/s)
      return [name, decode(value)] as const
    })
  )
  const sort = parameters.get("sort") ?? "-disk_size"
  const key = sort.replace(/^-/, "")
  const drawn = parameters.get("lines")?.split(",") ?? []
  const lines = sizeKeys.filter((key) => drawn.includes(key))
  const known = sortKeys.includes(key)
  return {
    path: decode(path),
    query: parameters.get("q") ?? "",
    sort: known ? (key as SortKey) : start.sort,
    descending: known ? sort.startsWith("-") : start.descending,
    grouped: parameters.get("flat") !== "1",
    map: parameters.get("map") !== "0",
    past: parameters.get("past") || undefined,
    trend: parameters.get("trend") !== "0",
    period: periods.find((period) => period === parameters.get("period")) ?? start.period,
    lines: lines.length === 0 ? sizeKeys : lines,
    by: sizeKeys.find((key) => key === parameters.get("by")) ?? start.by,
    growers: parameters.get("of") === "namespaces" ? "namespaces" : "images",
    detail: parameters.get("at") || undefined
  }
}
