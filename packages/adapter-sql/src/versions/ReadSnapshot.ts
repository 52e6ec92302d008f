import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import { headAfter } from "./ApplyChanges.ts"
import { type Changes, changesBetween } from "./ChangedRows.ts"
import { empty, type Head } from "./StoredSnapshot.ts"
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

/** Whether it is the head of this snapshot: a database that was put back has others by the same ids. */
export const isHeadOf = (head: Head, { id, taken_at }: SnapshotRow): boolean =>
  head.id === id && head.takenAt === taken_at

/** By what is different from the head before. */
const apply = (
  before: Head,
  changes: Changes,
  { id, next_id: nextId, taken_at: takenAt }: SnapshotRow
): Effect.Effect<Head, Inconsistent> =>
  inSlices(() => headAfter(before, changes, { id, takenAt, nextId })).pipe(
    Effect.catchDefect((defect) => Effect.fail(Inconsistent.from(defect)))
  )

/** Where rows do not belong together, all of them are read again, and tell what is wrong. */
const ignoring = <A, E>(effect: Effect.Effect<A, E | Inconsistent>) =>
  Effect.catchIf(
    effect,
    (error): error is Inconsistent => error instanceof Inconsistent,
    () => Effect.undefined
  ) as Effect.Effect<A | undefined, E>

/** From an earlier head, where the database still has what it is of. */
const headSince = Effect.fnUntraced(function* (database: Database["Service"], known: Head, row: SnapshotRow) {
  const { sql, table } = database
  const changes = yield* ignoring(changesBetween(database, known.id, row.id))
  // What ended may be gone for good as soon as the earlier one is forgotten: so it is looked for after the reading.
  const isThere = yield* sql`
    SELECT 1 FROM ${table("snapshots")} WHERE id = ${known.id} AND taken_at = ${known.takenAt}`.values
  return changes === undefined || isThere.length === 0 ? undefined : yield* ignoring(apply(known, changes, row))
})

/**
 * The head at a snapshot. Where an earlier one is known that the database still has, only what is different since is read.
 */
export const headAt = Effect.fnUntraced(function* (
  database: Database["Service"],
  row: SnapshotRow,
  known: Head = empty
): Effect.fn.Return<Head, SqlError.SqlError | Inconsistent> {
  if (isHeadOf(known, row)) return known
  const since = known.id > 0 && known.id < row.id ? yield* headSince(database, known, row) : undefined
  return since ?? (yield* apply(empty, yield* changesBetween(database, 0, row.id), row))
})
