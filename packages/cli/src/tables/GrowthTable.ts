/**
 * What grew, as a sheet.
 *
 * @since 0.1.0
 */
import type { Growth, Projection } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import * as Figure from "../output/Figure.ts"
import type { Account } from "../history/HistorySource.ts"
import * as When from "../history/Instant.ts"
import type { Column, Row, Sheet } from "./Table.ts"

const columns = (of: Growth.EntityKind): ReadonlyArray<Column> => [
  of === "images"
    ? { key: "name", field: "repository", heading: "REPOSITORY", kind: "name", essential: true }
    : { key: "name", field: "namespace", heading: "GROUP", kind: "name", essential: true },
  { key: "state", field: "state", heading: "STATE", kind: "text" },
  { key: "change", field: "change_bytes", heading: "CHANGE", kind: "change", essential: true },
  { key: "growth", field: "growth", heading: "GROWTH", kind: "count", audience: "people" },
  { key: "percent", field: "percent", heading: "PERCENT", kind: "count", audience: "programs" },
  { key: "before", field: "before_bytes", heading: "BEFORE", kind: "bytes" },
  { key: "after", field: "after_bytes", heading: "AFTER", kind: "bytes" }
]

const stateOf = ({ change, presence }: Growth.Change): string =>
  presence === "both" ? (change === undefined ? "unreadable" : "changed") : presence

/** A growth in percent, with its sign; empty where there was nothing to grow from. */
const signed = (percent: number | undefined): string | undefined =>
  percent === undefined
    ? undefined
    : `${percent > 0 ? "+" : percent < 0 ? "-" : ""}${Figure.percent(Math.abs(percent) / 100)}`

const valuesOf = (change: Growth.Change) => ({
  change: change.change ?? null,
  growth: signed(change.percent),
  percent: change.percent === undefined ? null : Math.round(change.percent * 100) / 100,
  before: change.before ?? null,
  after: change.after ?? null
})

/** When it will be full, or how fast it grows, in one line. */
const foreseen = (
  { basedOn, bytesPerDay, days, fullAt, method, reason }: Projection.Projection,
  capacity: number | undefined,
  size: (bytes: number) => string
): string => {
  const how = `by ${method} over ${basedOn.points} ${basedOn.points === 1 ? "day" : "days"}`
  const of = capacity === undefined ? "" : `${size(capacity)} `
  if (days === 0) return `${of}is full`
  if (days !== undefined && fullAt !== undefined) {
    const whole = Math.round(days)
    return `${of}will be full in ${whole} ${whole === 1 ? "day" : "days"} (${DateTime.formatIsoDateUtc(fullAt)}), ${how}`
  }
  if (bytesPerDay === undefined) return "when it will be full is not told: fewer than three days are known"
  if (reason === "not-growing") return `${of}will not be full: it does not grow, ${how}`
  if (reason === "beyond-a-century") return `${of}will not be full in a hundred years, ${how}`
  const rate = `${bytesPerDay < 0 ? "-" : "+"}${size(Math.abs(Math.round(bytesPerDay)))} a day, ${how}`
  return `${rate}; --capacity tells when it will be full`
}

/**
 * Growers with the change of everything as the total; what was left out counts there as well.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ capacity, growth, period, projection }: Account, of: Growth.EntityKind): Sheet => {
  const { growers, matching } = growth
  const left = matching - growers.length
  const isOne = DateTime.Equivalence(period.from, period.to)
  return {
    columns: columns(of),
    rows: growers.map((grower): Row => ({
      values: { name: grower.path, state: stateOf(grower), ...valuesOf(grower) },
      mark: grower.change === undefined ? "!" : undefined
    })),
    ...(left === 0 ? {} : { rest: { values: { name: `(${left} more)` } } }),
    total: { values: { name: "TOTAL", ...valuesOf(growth) } },
    notes: (size) => [
      isOne
        ? `only one snapshot is kept of this period: ${When.minute(period.to)} (UTC)`
        : `from ${When.minute(period.from)} to ${When.minute(period.to)} (UTC)`,
      ...(projection === undefined ? [] : [foreseen(projection, capacity, size)])
    ]
  }
}
