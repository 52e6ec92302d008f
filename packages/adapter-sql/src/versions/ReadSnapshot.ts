import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import { applyChanges } from "./ApplyChanges.ts"
import { type ChangedRows, readChanges } from "./ChangedRows.ts"
import { empty, type StoredSnapshot } from "./StoredSnapshot.ts"
import { InventoryFault, TimeSlices } from "@gitlab-registry-usage/core"
import { Inconsistent } from "../database/Tables.ts"

/** The row of a snapshot. */
export interface SnapshotRow {
  readonly id: number
  readonly taken_at: number
  readonly duration: number
  readonly stale: number
  readonly next_id: number
}

/** Applies the changes to `before`. */
const apply = (before: StoredSnapshot, changes: ChangedRows, { id, next_id: nextId, taken_at: takenAt }: SnapshotRow) =>
  TimeSlices.inSlices(function* () {
    const after = yield* applyChanges(before, changes, { id, takenAt, nextId })
    const detail = yield* InventoryFault.faultOf(after.inventory)
    if (detail !== undefined) throw new Inconsistent({ detail })
    return after
  }).pipe(Effect.catchDefect((defect) => Effect.fail(Inconsistent.from(defect))))

/** Inconsistent rows are ignored here; reading all rows raises the error again. */
const ignoring = <A>(effect: Effect.Effect<A, SqlError.SqlError | Inconsistent>) =>
  Effect.catchTag(effect, "Inconsistent", () => Effect.undefined)

/** Reads the changes since an earlier snapshot; `undefined` if the database has removed that snapshot. */
const readSince = Effect.fnUntraced(function* (database: Database["Service"], known: StoredSnapshot, row: SnapshotRow) {
  const { sql, table } = database
  const changes = yield* ignoring(readChanges(database, known.id, row.id))
  // Ended rows may be deleted once the earlier snapshot is removed, so this is checked after reading.
  const isThere = yield* sql`
    SELECT 1 FROM ${table("snapshots")} WHERE id = ${known.id} AND taken_at = ${known.takenAt}`.values
  return changes === undefined || isThere.length === 0 ? undefined : yield* ignoring(apply(known, changes, row))
})

/** Reads a snapshot. If the database still has the known earlier one, only the changes since then are read. */
export const readSnapshot = Effect.fnUntraced(function* (
  database: Database["Service"],
  row: SnapshotRow,
  known: StoredSnapshot = empty
) {
  // A database that was restored from a backup has other snapshots with the same ids.
  if (known.id === row.id && known.takenAt === row.taken_at) return known
  const since = known.id > 0 && known.id < row.id ? yield* readSince(database, known, row) : undefined
  return since ?? (yield* apply(empty, yield* readChanges(database, 0, row.id), row))
})
