/**
 * A time series as a table.
 */
import { DateTime } from "effect"
import type { TimeSeries, Sample } from "../history/HistorySource.ts"
import * as Format from "../output/Format.ts"
import type { Column, Row, Table } from "../output/Table.ts"

export interface Options {
  /** Whether the disk size is also drawn as a bar. */
  readonly bars: boolean
  /** Whether the subject may contain several repositories: then a column counts them. */
  readonly several: boolean
}

const columns = ({ bars, several }: Options, hasGaps: boolean): ReadonlyArray<Column> => [
  { key: "time", field: "time", heading: "TIME (UTC)", kind: "text", essential: true, audience: "people" },
  { key: "taken_at", field: "taken_at", heading: "TAKEN AT", kind: "text", audience: "programs" },
  { key: "disk", field: "disk_bytes", heading: "ON DISK", kind: "bytes", essential: true },
  ...(bars ? [{ key: "share", field: "share", heading: "", kind: "share", audience: "people" } as const] : []),
  { key: "change", field: "change_bytes", heading: "CHANGE", kind: "change" },
  { key: "unique", field: "unique_bytes", heading: "UNIQUE", kind: "bytes" },
  { key: "size", field: "size_bytes", heading: "SIZE", kind: "bytes" },
  ...(several ? [{ key: "repositories", field: "repositories", heading: "REPOSITORIES", kind: "count" } as const] : []),
  { key: "tags", field: "tags", heading: "TAGS", kind: "count" },
  { key: "gaps", field: "gaps", heading: "GAPS", kind: "count", audience: hasGaps ? undefined : "programs" }
]

const diskOf = (seen: Sample | undefined): number | null => seen?.figures.sizes?.diskSize ?? null

/** The bar of a row is relative to the largest disk size; `change` is the difference to the row before. */
export const make = ({ period, points }: TimeSeries, options: Options): Table => {
  const largest = points.reduce((largest, seen) => Math.max(largest, diskOf(seen) ?? 0), 0)
  const rows = points.map((seen, i): Row => {
    const { gaps, repositories, sizes, tags } = seen.figures
    const [before, disk] = [diskOf(points[i - 1]), diskOf(seen)]
    return {
      values: {
        time: Format.minute(seen.takenAt),
        taken_at: DateTime.formatIso(seen.takenAt),
        disk,
        share: disk === null || largest === 0 ? undefined : disk / largest,
        change: i === 0 ? undefined : before === null || disk === null ? null : disk - before,
        unique: sizes?.uniqueSize ?? null,
        size: sizes?.size ?? null,
        repositories,
        tags,
        gaps
      }
    }
  })
  const hasGaps = points.some(({ figures }) => figures.gaps > 0)
  const [first, last] = [diskOf(points[0]), diskOf(points.at(-1))]
  return {
    columns: columns(options, hasGaps),
    rows,
    ...(points.length < 2 || first === null || last === null
      ? {}
      : { totals: [{ values: { time: "TOTAL", change: last - first } }] }),
    notes: () =>
      points.length === 0
        ? [`no snapshot of it is kept from ${Format.minute(period.from)} to ${Format.minute(period.to)} (UTC)`]
        : []
  }
}
