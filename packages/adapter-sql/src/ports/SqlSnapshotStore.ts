/**
 * The `SnapshotStore` port over SQL: it keeps every snapshot, and stores a row once for all snapshots that share it.
 *
 * @since 0.1.0
 */
import { type Leadership, type Snapshot, SnapshotStore, TimeSlices, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Layer, Option, Ref, Schedule, Semaphore } from "effect"
import { SqlError } from "effect/sql"
import { Database } from "../database/Database.ts"
import { describeError, isDamage, recoverSqlDefects, storeError } from "../database/DatabaseFailure.ts"
import { difference } from "../versions/SnapshotDifference.ts"
import { empty, type StoredSnapshot } from "../versions/StoredSnapshot.ts"
import * as Figures from "../versions/FigureRows.ts"
import { type Latest, published } from "../versions/PublishedSnapshots.ts"
import { readSnapshot, type SnapshotRow } from "../versions/ReadSnapshot.ts"
import { begin, end } from "../versions/VersionedRows.ts"
import { prune } from "../versions/Pruning.ts"
import * as Tables from "../database/Tables.ts"

/** @category models @since 0.1.0 */
export interface Options {
  readonly accounting?: Usage.Accounting | undefined
}

const later = (a: StoredSnapshot, b: StoredSnapshot) => (a.id > b.id ? a : b)

/** A save that conflicted with another may succeed on a retry. */
const isConflict = (error: SqlError.SqlError | SnapshotStore.SnapshotStoreError) =>
  SqlError.isSqlError(error) && (error.reason._tag === "DeadlockError" || error.reason._tag === "SerializationError")

/** A retry uses a new connection. After a timeout there is no retry. */
const isLost = (error: unknown) => SqlError.isSqlError(error) && error.reason._tag === "ConnectionError"

const soon = { schedule: Schedule.spaced("100 millis"), times: 1 }

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options = {}) {
  const database = yield* Database
  const { dialect, exclusively, sql, table } = database
  const head = yield* Ref.make(empty)
  const loaded = yield* Ref.make(Option.none<Latest>())
  // One save at a time uses the head.
  const saving = yield* Semaphore.make(1)
  const columns = sql.literal(
    (["id", "taken_at", "stale", "next_id"] as const)
      .map((name) => dialect.read("integer", name))
      .concat("duration")
      .join()
  )
  const newest = Effect.map(
    sql<SnapshotRow>`SELECT ${columns} FROM ${table("snapshots")} ORDER BY id DESC LIMIT 1`,
    (rows) => rows[0]
  )

  /** Moves a damaged database aside and starts an empty one. */
  const damaged = Effect.fnUntraced(function* (
    operation: SnapshotStore.SnapshotStoreError["operation"],
    detail: string
  ) {
    const { setAside } = database
    const movedTo =
      setAside === undefined ? Option.none() : yield* Effect.orElseSucceed(setAside, () => Option.none<string>())
    yield* Ref.set(head, empty)
    const reason = new SnapshotStore.SnapshotCorrupt({
      detail,
      ...(Option.isSome(movedTo) ? { movedTo: movedTo.value } : {})
    })
    const error = storeError(operation, reason)
    yield* Effect.logError(error.message)
    return yield* error
  })

  const classified =
    (operation: SnapshotStore.SnapshotStoreError["operation"]) =>
    <A, E>(effect: Effect.Effect<A, E | SqlError.SqlError>) =>
      recoverSqlDefects(effect).pipe(
        Effect.catchIf(SqlError.isSqlError, (error) =>
          isDamage(error)
            ? damaged(operation, error.message)
            : Effect.fail(storeError(operation, new SnapshotStore.StoreUnavailable({ detail: describeError(error) })))
        )
      ) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | SnapshotStore.SnapshotStoreError>

  const reading =
    (operation: "load" | "history") =>
    <A>(effect: Effect.Effect<A, SqlError.SqlError | Tables.Inconsistent>) =>
      effect.pipe(
        Effect.retry({ ...soon, while: isLost }),
        Effect.catchTag("Inconsistent", ({ detail }) =>
          Effect.fail(storeError(operation, new SnapshotStore.SnapshotCorrupt({ detail })))
        ),
        classified(operation)
      )

  const snapshotOf = (row: SnapshotRow, { inventory }: StoredSnapshot): Snapshot.Snapshot => ({
    takenAt: DateTime.makeUnsafe(Number(row.taken_at)),
    duration: row.duration,
    stale: row.stale !== 0,
    usage: Usage.measure(inventory, options)
  })

  /** Reads a snapshot. If it is removed meanwhile, it is searched for again: another one may match now. */
  const read = Effect.fnUntraced(function* (
    find: Effect.Effect<SnapshotRow | undefined, SqlError.SqlError>,
    known?: StoredSnapshot
  ) {
    while (true) {
      const row = yield* find
      if (row === undefined) return Option.none<[SnapshotRow, StoredSnapshot]>()
      const found = yield* Effect.result(readSnapshot(database, row, known))
      const isThere = yield* sql`SELECT 1 FROM ${table("snapshots")} WHERE id = ${row.id}`.values
      if (isThere.length > 0) return Option.some<[SnapshotRow, StoredSnapshot]>([row, yield* Effect.fromResult(found)])
    }
  })

  const load = Effect.gen(function* () {
    const before = yield* Ref.get(head)
    // A snapshot that this process saved is read as well, so that `load` returns what the database has.
    const found = yield* read(newest, before.isRead ? before : undefined)
    yield* Ref.set(loaded, Option.some(Option.getOrUndefined(found)?.[0]))
    // The next save or load is compared with it.
    if (Option.isSome(found)) {
      const [, after] = found.value
      yield* Ref.update(head, (known) => (known === before ? after : later(known, after)))
    }
    return Option.map(found, ([row, head]) => snapshotOf(row, head))
  })

  /**
   * The head that the next save is compared with. If it cannot be read, the save ends all its rows and writes every
   * row.
   */
  const headOf = Effect.fnUntraced(function* (latest: SnapshotRow | undefined) {
    if (latest === undefined) return empty
    return yield* readSnapshot(database, latest, yield* Ref.get(head)).pipe(
      Effect.catchTag("Inconsistent", ({ detail }) =>
        Effect.gen(function* () {
          yield* Effect.logWarning(
            `the latest snapshot of the database is damaged, and the next is written whole: ${detail}`
          )
          for (const { name } of Tables.all) {
            yield* sql`UPDATE ${table(name)} SET until = ${latest.id + 1} WHERE until IS NULL`
          }
          return { ...empty, id: latest.id, nextId: latest.next_id }
        })
      )
    )
  })

  const isOverdue = Effect.fnUntraced(function* (term: Leadership.Term | undefined) {
    if (term === undefined) return
    const found = yield* sql`
      SELECT max(generation) FROM ${table("leadership")}
      UNION ALL SELECT max(generation) FROM ${table("snapshots")}`.values
    const known = Math.max(...found.map(([generation]) => Number(generation)))
    if (known > term.generation) {
      return yield* storeError("save", new SnapshotStore.Superseded({ generation: term.generation, newest: known }))
    }
  })

  const save = Effect.fn("SqlSnapshotStore.save")(
    function* (snapshot: Snapshot.Snapshot, term?: Leadership.Term) {
      const written = exclusively(
        Effect.gen(function* () {
          yield* isOverdue(term)
          const before = yield* headOf(yield* newest)
          const { changes, head: after } = yield* TimeSlices.inSlices(() => difference(before, snapshot))
          for (const { begun, ended, table } of changes) {
            yield* end(database, table, after.id)(ended)
            yield* begin(database, table, after.id)(begun)
          }
          yield* sql`INSERT INTO ${table("snapshots")} ${sql.insert({
            id: after.id,
            taken_at: DateTime.toEpochMillis(snapshot.takenAt),
            duration: snapshot.duration,
            stale: snapshot.stale ? 1 : 0,
            generation: term?.generation ?? null,
            next_id: after.nextId
          })}`
          yield* database.notify("published")
          return after
        })
      )
      yield* Ref.set(head, yield* Effect.retry(written, { ...soon, while: isConflict }))
    },
    classified("save"),
    saving.withPermits(1)
  )

  const at = (instant: DateTime.Utc) =>
    sql<SnapshotRow>`
    SELECT ${columns} FROM ${table("snapshots")} WHERE taken_at <= ${DateTime.toEpochMillis(instant)}
    ORDER BY taken_at DESC, id DESC LIMIT 1`.pipe(Effect.map((rows) => rows[0]))

  return SnapshotStore.SnapshotStore.of({
    load: load.pipe(reading("load")),
    save,
    markStale: (term) =>
      exclusively(
        Effect.gen(function* () {
          yield* isOverdue(term)
          const latest = yield* newest
          if (latest === undefined || latest.stale !== 0) return
          yield* sql`UPDATE ${table("snapshots")} SET stale = 1 WHERE id = ${latest.id}`
          yield* database.notify("published")
        })
      ).pipe(classified("save")),
    published: published(database, newest, Ref.get(loaded)),
    keepsHistory: true,
    history: sql`SELECT taken_at FROM ${table("snapshots")} ORDER BY taken_at, id`.values.pipe(
      Effect.map((rows) => rows.map(([takenAt]) => DateTime.makeUnsafe(Number(takenAt)))),
      reading("history")
    ),
    at: (instant) =>
      read(at(instant)).pipe(Effect.map(Option.map(([row, head]) => snapshotOf(row, head))), reading("load")),
    series: (subject, period) => Figures.series(database, subject, period).pipe(reading("history")),
    figuresAt: (instant) =>
      at(instant).pipe(
        Effect.flatMap((row) => (row === undefined ? Effect.succeed([]) : Figures.at(database, row.id))),
        reading("history")
      ),
    forget: (instants) => prune(database, instants).pipe(classified("history"))
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<SnapshotStore.SnapshotStore, never, Database> =>
  Layer.effect(SnapshotStore.SnapshotStore, make(options))
