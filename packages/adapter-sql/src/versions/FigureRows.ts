import { Bytes, type History, type Names } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Stream } from "effect"
import type { Database } from "../database/Database.ts"
import { kinds } from "./StoredSnapshot.ts"
import { visible } from "./VersionedRows.ts"
import * as Tables from "../database/Tables.ts"

type Row = Pick<Tables.Row<typeof Tables.figures>, "kind" | "path" | "repositories" | "tags" | "gaps"> & {
  readonly [Size in "size" | "disk_size" | "unique_size"]: number | null
}

const bytes = (value: number | null) => Bytes.make(Number(value))

/** Programs of earlier releases stored 0 for a namespace of which nothing could be read. */
const isUnknown = ({ gaps, size }: Row) => size === null || (Number(size) === 0 && Number(gaps) > 0)

const figuresOf = (row: Row): History.Figures => ({
  sizes: isUnknown(row)
    ? undefined
    : { size: bytes(row.size), diskSize: bytes(row.disk_size), uniqueSize: bytes(row.unique_size) },
  repositories: Number(row.repositories),
  tags: Number(row.tags),
  gaps: Number(row.gaps)
})

const toEntity = ({ kind, path }: Row): History.Entity =>
  kind === kinds.Namespace ? { _tag: "Namespace", path } : { _tag: "Repository", path: path as Names.RepositoryName }

/** Namespaces before repositories, each in the order of their paths, so that the whole registry comes first. */
const order = (a: Row, b: Row) => a.kind - b.kind || (a.path < b.path ? -1 : 1)

/** The figures of all namespaces and repositories in a snapshot. */
export const at = (database: Database["Service"], snapshot: number) =>
  Effect.map(Stream.runCollect(visible<Row>(database, Tables.figures, snapshot)), (rows) =>
    [...rows].sort(order).map((row) => [toEntity(row), figuresOf(row)] as const)
  )

/** Finds the row of a snapshot by bisection among the rows of one entity, which are ordered by `since`. */
const inForce = <A extends { readonly since: number; readonly until: number | null }>(
  rows: ReadonlyArray<A>,
  snapshot: number
): A | undefined => {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (Number(rows[middle]!.since) <= snapshot) low = middle + 1
    else high = middle
  }
  const row = rows[low - 1]
  return row === undefined || (row.until !== null && Number(row.until) <= snapshot) ? undefined : row
}

export const series = Effect.fnUntraced(function* (
  { sql, table: nameOf }: Database["Service"],
  { _tag, path }: History.Entity,
  { from, to }: History.Period
) {
  const snapshots = yield* sql`
    SELECT id, taken_at FROM ${nameOf("snapshots")}
    WHERE taken_at BETWEEN ${DateTime.toEpochMillis(from)} AND ${DateTime.toEpochMillis(to)}
    ORDER BY taken_at, id`.values
  const rows = yield* sql<Row & { readonly since: number; readonly until: number | null }>`
    SELECT size, disk_size, unique_size, repositories, tags, gaps, since, until FROM ${nameOf(Tables.figures.name)}
    WHERE path = ${path} AND kind = ${kinds[_tag]} ORDER BY since`
  return snapshots.map(([id, takenAt]): History.Point => {
    const row = inForce(rows, Number(id))
    return {
      takenAt: DateTime.makeUnsafe(Number(takenAt)),
      figures: row === undefined ? undefined : figuresOf(row)
    }
  })
})
