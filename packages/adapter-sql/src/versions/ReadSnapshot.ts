import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import { applyChanges } from "./ApplyChanges.ts"
import { type ChangedRows, readChanges } from "./ChangedRows.ts"
import { empty, type StoredSnapshot } from "./StoredSnapshot.ts"
import { inSlices } from "../database/TimeSlices.ts"
import { Inconsistent } from "../database/Tables.ts"

/** A snapshot by itself. */
export interface SnapshotRow {
  readonly id: number
  readonly taken_at: number
  readonly duration: number
  readonly stale: number
  readonly next_id: number
}

/** By what is different from the head before. */
const apply = (before: StoredSnapshot, changes: ChangedRows, { id, next_id: nextId, taken_at: takenAt }: SnapshotRow) =>
  inSlices(() => applyChanges(before, changes, { id, takenAt, nextId })).pipe(
    Effect.catchDefect((defect) => Effect.fail(Inconsistent.from(defect)))
  )

/** Inconsistent rows are ignored here; reading all rows raises the error again. */
const ignoring = <A>(effect: Effect.Effect<A, SqlError.SqlError | Inconsistent>) =>
  Effect.catchTag(effect, "Inconsistent", () => Effect.undefined)

/** From an earlier head, where the database still has what it is of. */
const readSince = Effect.fnUntraced(function* (database: Database["Service"], known: StoredSnapshot, row: SnapshotRow) {
  const { sql, table } = database
  const changes = yield* ignoring(readChanges(database, known.id, row.id))
  // What ended may be gone for good as soon as the earlier one is forgotten: so it is looked for after the reading.
  const isThere = yield* sql`
    SELECT 1 FROM ${table("snapshots")} WHERE id = ${known.id} AND taken_at = ${known.takenAt}`.values
  return changes === undefined || isThere.length === 0 ? undefined : yield* ignoring(apply(known, changes, row))
})

/**
 * The head at a snapshot. Where an earlier one is known that the database still has, only what is different since is read.
 */
export const readSnapshot = Effect.fnUntraced(function* (
  database: Database["Service"],
  row: SnapshotRow,
  known: StoredSnapshot = empty
) {
  // A database that was restored has other snapshots by the same ids.
  if (known.id === row.id && known.takenAt === row.taken_at) return known
  const since = known.id > 0 && known.id < row.id ? yield* readSince(database, known, row) : undefined
  return since ?? (yield* apply(empty, yield* readChanges(database, 0, row.id), row))
})
