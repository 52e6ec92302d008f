/**
 * Growth as a table.
 */
import type { Growth, Projection } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import * as Format from "../output/Format.ts"
import type { GrowthResult } from "../history/HistorySource.ts"
import type { Column, Row, Table } from "../output/Table.ts"

const columns = (of: Growth.EntityKind): ReadonlyArray<Column> => [
  of === "images"
    ? { key: "name", field: "repository", heading: "REPOSITORY", kind: "name", essential: true }
    : { key: "name", field: "namespace", heading: "NAMESPACE", kind: "name", essential: true },
  { key: "state", field: "state", heading: "STATE", kind: "text" },
  { key: "new", field: "new_bytes", heading: "NEW", kind: "change", essential: true },
  { key: "freed", field: "freed_bytes", heading: "FREED", kind: "bytes" },
  { key: "moved", field: "moved_bytes", heading: "MOVED", kind: "change" },
  { key: "unread", field: "unread_bytes", heading: "UNREAD", kind: "change", audience: "programs" },
  { key: "change", field: "change_bytes", heading: "CHANGE", kind: "change", essential: true },
  { key: "growth", field: "growth", heading: "GROWTH", kind: "count", audience: "people" },
  { key: "percent", field: "percent", heading: "PERCENT", kind: "count", audience: "programs" },
  { key: "before", field: "before_bytes", heading: "BEFORE", kind: "bytes" },
  { key: "after", field: "after_bytes", heading: "AFTER", kind: "bytes" },
  { key: "partial", field: "partial", heading: "PARTIAL", kind: "text", audience: "programs" }
]

const stateOf = ({ change, presence }: Growth.Change): string =>
  presence === "both" ? (change === undefined ? "unreadable" : "changed") : presence

/** A percentage with its sign; undefined where the size before is 0 or unknown. */
const signed = (percent: number | undefined): string | undefined =>
  percent === undefined
    ? undefined
    : `${percent > 0 ? "+" : percent < 0 ? "-" : ""}${Format.percent(Math.abs(percent) / 100)}`

const valuesOf = (change: Growth.Change) => ({
  new: change.disk?.newBytes ?? null,
  freed: change.disk?.freedBytes ?? null,
  moved: change.disk?.movedBytes ?? null,
  unread: change.disk?.unreadBytes ?? null,
  change: change.change ?? null,
  growth: signed(change.percent),
  percent: change.percent === undefined ? null : Math.round(change.percent * 100) / 100,
  before: change.before ?? null,
  after: change.after ?? null,
  partial: change.partial
})

/** What new, freed and moved bytes do not say. */
const remarks = (growth: Growth.Growth, size: (bytes: number) => string): ReadonlyArray<string> => {
  const { disk } = growth
  if (disk === undefined) return growth.change === undefined ? [] : ["new and moved bytes are not known here"]
  const hasMoved = growth.growers.some(({ disk }) => disk !== undefined && disk.movedBytes !== 0)
  const unread = Math.abs(disk.unreadBytes)
  return [
    ...(hasMoved ? ["moved: stored before as well as now, and charged to another repository now"] : []),
    ...(unread === 0 ? [] : [`${size(unread)} of the change could be read at one of the two instants only`])
  ]
}

/** The projection in one line. */
const projectionLine = (
  { basedOn, bytesPerDay, days, fullAt, method, reason }: Projection.Projection,
  capacity: number | undefined,
  size: (bytes: number) => string
): string => {
  const how = `by ${method} over ${Format.counted(basedOn.points, "day")}`
  const of = capacity === undefined ? "" : `${size(capacity)} `
  if (days === 0) return `${of}is full`
  if (days !== undefined && fullAt !== undefined) {
    return `${of}will be full in ${Format.counted(Math.round(days), "day")} (${DateTime.formatIsoDateUtc(fullAt)}), ${how}`
  }
  if (bytesPerDay === undefined) return "no projection: fewer than three days are known"
  if (reason === "not-growing") return `${of}will not be full: it does not grow, ${how}`
  if (reason === "beyond-a-century") return `${of}will not be full in a hundred years, ${how}`
  const rate = `${bytesPerDay < 0 ? "-" : "+"}${size(Math.abs(Math.round(bytesPerDay)))} a day, ${how}`
  return `${rate}; add --capacity to see when it will be full`
}

/** The total includes the rows that were left out. */
export const make = ({ capacity, growth, period, projection }: GrowthResult, of: Growth.EntityKind): Table => {
  const { growers, matching } = growth
  const left = matching - growers.length
  const isOne = DateTime.Equivalence(period.from, period.to)
  return {
    columns: columns(of),
    rows: growers.map((grower): Row => ({
      values: { name: grower.path, state: stateOf(grower), ...valuesOf(grower) },
      mark: grower.change === undefined || grower.partial ? "!" : undefined
    })),
    ...(left === 0 ? {} : { rest: { values: { name: `(${left} more)` } } }),
    totals: [{ values: { name: "TOTAL", ...valuesOf(growth) } }],
    notes: (size) => [
      isOne
        ? `only one snapshot is kept of this period: ${Format.minute(period.to)} (UTC)`
        : `from ${Format.minute(period.from)} to ${Format.minute(period.to)} (UTC)`,
      ...(isOne ? [] : remarks(growth, size)),
      ...(projection === undefined ? [] : [projectionLine(projection, capacity, size)])
    ]
  }
}
