import { DateTime, Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import { all } from "../database/Tables.ts"

/** The most rows that one transaction removes, so that other writers wait only briefly. */
const batch = 5000

/**
 * Removes the rows that no snapshot has any more: for each run of removed snapshots, the rows that began and ended in
 * it. The next run continues an interrupted one, because the ids of removed snapshots stay until the end.
 */
const removeHidden = Effect.fnUntraced(function* ({ dialect, exclusively, sql, table: nameOf }: Database["Service"]) {
  const snapshots = nameOf("snapshots")
  const forgotten = nameOf("forgotten")
  const rows = yield* sql`SELECT id FROM ${forgotten} ORDER BY id`.values
  const ids = rows.map(([id]) => Number(id))
  if (ids.length === 0) return
  const kept = (yield* sql`SELECT id FROM ${snapshots} ORDER BY id`.values).map(([id]) => Number(id))
  // The runs of removed snapshots: the remaining snapshot after each run → the one before it, or 0.
  const holes = new Map<number, number>()
  for (const id of ids) {
    const before = kept.find((other) => other > id)
    if (before !== undefined) holes.set(before, kept.findLast((other) => other < id) ?? 0)
  }
  const row = sql.literal(dialect.row)
  for (const [before, after] of holes) {
    for (const { name } of all) {
      const hidden = sql`
        SELECT ${row} FROM ${nameOf(name)}
        WHERE until > ${after} AND until <= ${before} AND since > ${after} LIMIT ${batch}`
      const remove = exclusively(sql`DELETE FROM ${nameOf(name)} WHERE ${dialect.rowIn(hidden)} RETURNING 1`.values)
      while ((yield* remove).length === batch) yield* Effect.yieldNow
    }
  }
  const done = dialect.elements(JSON.stringify(ids.map((id) => [id])))
  const id = sql.literal(dialect.element("integer", 0))
  yield* exclusively(sql`DELETE FROM ${forgotten} WHERE id IN (SELECT ${id} FROM ${done})`)
})

/** Returns free pages to the file system. */
const giveBack = ({ exclusively, sql }: Database["Service"]): Effect.Effect<unknown, SqlError.SqlError> =>
  sql.onDialectOrElse({
    sqlite: () =>
      exclusively(sql`PRAGMA incremental_vacuum(2000)`).pipe(
        Effect.andThen(sql`PRAGMA freelist_count`.values),
        Effect.repeat({ while: ([row]) => Number(row?.[0]) > 0, times: 1000 })
      ),
    orElse: () => Effect.void
  })

/** Removes snapshots and returns their number. */
export const prune = Effect.fnUntraced(function* (
  database: Database["Service"],
  instants: ReadonlyArray<DateTime.Utc>
) {
  const { dialect, exclusively, sql, table } = database
  const snapshots = table("snapshots")
  const times = JSON.stringify(instants.map((instant) => [DateTime.toEpochMillis(instant)]))
  const wanted = sql`
    SELECT id FROM ${snapshots}
    WHERE taken_at IN (SELECT ${sql.literal(dialect.element("integer", 0))} FROM ${dialect.elements(times)})
      AND id < (SELECT max(id) FROM ${snapshots})`
  const count = yield* exclusively(
    Effect.gen(function* () {
      yield* sql`INSERT INTO ${table("forgotten")} ${wanted}`
      const deleted =
        yield* sql`DELETE FROM ${snapshots} WHERE id IN (SELECT id FROM ${table("forgotten")}) RETURNING 1`.values
      return deleted.length
    })
  )
  yield* removeHidden(database)
  if (count > 0) yield* giveBack(database)
  return count
})
