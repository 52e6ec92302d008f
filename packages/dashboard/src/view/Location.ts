/** The view of the page as the fragment of its address, so that users can bookmark it, share it and go back to it. */
import type { GrowthKey, SizeKey } from "../api/Resources.ts"
import { sizeKeys } from "./SizeNames.ts"

export type SortKey = SizeKey | "name" | "tags"

/** The time ranges of the history, each with its duration in the API. */
export const periods = {
  "24h": { from: "24h", label: "24 hours" },
  "7d": { from: "7d", label: "7 days" },
  "30d": { from: "30d", label: "30 days" },
  "1y": { from: "365d", label: "1 year" }
} as const

export type Period = keyof typeof periods

export interface View {
  /** The current place: `""` for the whole registry, `group/` for a namespace, `group/app` for a repository. */
  readonly path: string
  readonly query: string
  readonly sort: SortKey
  readonly descending: boolean
  /** Whether the table shows repositories below their namespaces. */
  readonly grouped: boolean
  readonly map: boolean
  /** The instant whose snapshot is shown (ISO 8601); undefined for the latest one. */
  readonly instant: string | undefined
  /** Whether the history is shown, where the server has one. */
  readonly trend: boolean
  readonly period: Period
  /** The lines of the chart. */
  readonly lines: ReadonlyArray<SizeKey>
  /** The measure by which growth is sorted. */
  readonly growthBy: GrowthKey
  readonly growthOf: "images" | "namespaces"
  /** What the detail shows: `group/app`, `group/app:tag`, `group/`; `!gaps` for what could not be read. */
  readonly detail: string | undefined
}

export const start: View = {
  path: "",
  query: "",
  sort: "disk_size",
  descending: true,
  grouped: true,
  map: true,
  instant: undefined,
  trend: true,
  period: "30d",
  lines: sizeKeys,
  growthBy: "new_bytes",
  growthOf: "images",
  detail: undefined
}

const growthKeys: ReadonlyArray<GrowthKey> = ["new_bytes", ...sizeKeys]

const sortKeys: ReadonlyArray<SortKey> = [...sizeKeys, "name", "tags"]

/** Slashes and colons stay legible; a fragment may hold them (RFC 3986, 3.5). */
const encode = (text: string) => encodeURIComponent(text).replace(/%2F/g, "/").replace(/%3A/g, ":")

const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}

/** The fragment of a view. It contains only what differs from `start`. */
export const format = (view: View): string => {
  const parameters: Array<string> = []
  if (view.query !== "") parameters.push(`q=${encode(view.query)}`)
  if (view.sort !== start.sort || !view.descending) parameters.push(`sort=${view.descending ? "-" : ""}${view.sort}`)
  if (!view.grouped) parameters.push("flat=1")
  if (!view.map) parameters.push("map=0")
  if (view.instant !== undefined) parameters.push(`past=${encode(view.instant)}`)
  if (!view.trend) parameters.push("trend=0")
  if (view.period !== start.period) parameters.push(`period=${view.period}`)
  if (view.lines.length !== sizeKeys.length) parameters.push(`lines=${view.lines.join(",")}`)
  if (view.growthBy !== start.growthBy) parameters.push(`by=${view.growthBy}`)
  if (view.growthOf !== start.growthOf) parameters.push(`of=${view.growthOf}`)
  if (view.detail !== undefined) parameters.push(`at=${encode(view.detail)}`)
  return `#/${encode(view.path)}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`
}

/** The view of a fragment. Unknown parameters and values are ignored. */
export const parse = (fragment: string): View => {
  const [path = "", search = ""] = fragment.replace(/^#?\/?/, "").split(/\?(.*)/s)
  const parameters = new Map(
    search.split("&").map((pair) => {
      const [name = "", value = ""] = pair.split(/=(.*)/s)
      return [name, decode(value)] as const
    })
  )
  const sort = parameters.get("sort") ?? ""
  const sortKey = sortKeys.find((key) => key === sort.replace(/^-/, ""))
  const drawn = parameters.get("lines")?.split(",") ?? []
  const lines = sizeKeys.filter((key) => drawn.includes(key))
  const period = parameters.get("period") ?? ""
  return {
    path: decode(path),
    query: parameters.get("q") ?? "",
    sort: sortKey ?? start.sort,
    descending: sortKey === undefined ? start.descending : sort.startsWith("-"),
    grouped: parameters.get("flat") !== "1",
    map: parameters.get("map") !== "0",
    instant: parameters.get("past") || undefined,
    trend: parameters.get("trend") !== "0",
    period: Object.hasOwn(periods, period) ? (period as Period) : start.period,
    lines: lines.length === 0 ? sizeKeys : lines,
    growthBy: growthKeys.find((key) => key === parameters.get("by")) ?? start.growthBy,
    growthOf: parameters.get("of") === "namespaces" ? "namespaces" : "images",
    detail: parameters.get("at") || undefined
  }
}
