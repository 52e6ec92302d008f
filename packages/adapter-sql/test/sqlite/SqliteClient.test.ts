import { describe, expect, it } from "@effect/vitest"
import { SqliteClient } from "@gitlab-registry-usage/adapter-sql"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Effect, Exit, Fiber, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import * as Fs from "node:fs"
import * as Path from "node:path"

/** A client over a file of its own. */
const inFile = <A, E>(test: (path: string) => Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const path = Path.join(yield* Servers.temporaryDirectory, "state", "registry.sqlite")
      return yield* Effect.provide(test(path), SqliteClient.layer({ path }))
    })
  )

describe("SqliteClient", () => {
  it.live("keeps numbers exact up to 2^53 - 1, and refuses larger ones", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`CREATE TABLE numbers (n INTEGER, b BLOB)`
          for (const n of [0, 2 ** 31, 2 ** 53 - 1]) yield* sql`INSERT INTO numbers VALUES (${n}, ${null})`
          yield* sql`INSERT INTO numbers VALUES (${-1}, ${new Uint8Array([0, 255])})`
        })
      )
      expect((yield* sql`SELECT n FROM numbers ORDER BY n`.values).flat()).toEqual([-1, 0, 2 ** 31, 2 ** 53 - 1])
      expect(yield* sql`SELECT b FROM numbers WHERE n = -1`).toMatchObject([{ b: new Uint8Array([0, 255]) }])
      const error = yield* Effect.flip(sql`SELECT 9007199254740993 AS n`)
      expect(error.message).toContain("9007199254740993")
    }).pipe(Effect.provide(SqliteClient.layer({ path: ":memory:" })))
  )

  it.live("makes the directory, and a file that nobody else may read", () =>
    inFile((path) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(sql`CREATE TABLE t (n INTEGER)`)
        for (const suffix of ["", "-wal", "-shm"]) expect(Fs.statSync(path + suffix).mode & 0o777).toBe(0o600)
        expect(Fs.statSync(Path.dirname(path)).mode & 0o777).toBe(0o700)
        expect(yield* sql`PRAGMA journal_mode`).toMatchObject([{ journal_mode: "wal" }])
        expect(yield* sql`PRAGMA auto_vacuum`).toMatchObject([{ auto_vacuum: 2 }])
      })
    )
  )

  it.live("takes back a transaction that fails or is interrupted, and goes on", () =>
    inFile(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(sql`CREATE TABLE t (n INTEGER)`)
        const insert = sql`INSERT INTO t VALUES (1)`
        yield* Effect.flip(sql.withTransaction(Effect.andThen(insert, sql`no statement`)))
        const fiber = yield* Effect.forkChild(sql.withTransaction(Effect.andThen(insert, Effect.never)))
        yield* Effect.sleep("100 millis")
        yield* Fiber.interrupt(fiber)
        yield* sql.withTransaction(sql`INSERT INTO t VALUES (2)`)
        expect((yield* sql`SELECT n FROM t`.values).flat()).toEqual([2])
      })
    )
  )

  it.live("reads beside a transaction, what was before it, and the event loop goes on meanwhile", () =>
    inFile(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(sql`CREATE TABLE t (n INTEGER)`)
        const long = sql`INSERT INTO t
          WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000000) SELECT n FROM c`
        const fiber = yield* Effect.forkChild(sql.withTransaction(long))
        yield* Effect.sleep("50 millis")
        const began = performance.now()
        expect((yield* sql`SELECT count(*) FROM t`.values).flat()).toEqual([0])
        expect(performance.now() - began).toBeLessThan(500)
        expect(fiber.pollUnsafe()).toBeUndefined()
        yield* Fiber.join(fiber)
        expect((yield* sql`SELECT count(*) FROM t`.values).flat()).toEqual([3_000_000])
      })
    )
  )

  it.live("streams many rows piece by piece, and goes on where a stream was left", () =>
    inFile(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const rows = sql<{ n: number }>`
          WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) SELECT n FROM c`.stream
        expect(
          yield* Stream.runFold(
            rows,
            () => 0,
            (sum, { n }) => sum + n
          )
        ).toBe(50_005_000)
        expect(yield* Stream.runCollect(Stream.take(rows, 3))).toHaveLength(3)
        expect(yield* Stream.runCollect(sql`SELECT 1 WHERE false`.stream)).toEqual([])
        expect((yield* sql`SELECT 7`.values).flat()).toEqual([7])
      })
    )
  )

  it.live("gives up a statement that takes too long, and goes on", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const endless = sql`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n FROM c) SELECT count(*) FROM c`
      const exit = yield* Effect.exit(sql.withTransaction(endless))
      expect(String(Exit.isFailure(exit) && exit.cause)).toContain("no answer within")
      expect((yield* sql`SELECT 7`.values).flat()).toEqual([7])
    }).pipe(Effect.provide(SqliteClient.layer({ path: ":memory:", deadline: "300 millis" })))
  )

  it.live("says what is wrong with a file that cannot be opened", () =>
    Effect.gen(function* () {
      const directory = yield* Servers.temporaryDirectory
      const error = yield* Effect.flip(Effect.provide(SqlClient.SqlClient, SqliteClient.layer({ path: directory })))
      expect(error.message).toContain("EISDIR")
    }).pipe(Effect.scoped)
  )

  it.live("sets a file aside that is no database or damaged, and begins an empty one", () =>
    Effect.gen(function* () {
      const directory = yield* Servers.temporaryDirectory
      const path = Path.join(directory, "registry.sqlite")
      Fs.writeFileSync(path, "this is no database, however long it may be".repeat(100))
      const asideOf = Effect.scoped(
        Effect.gen(function* () {
          const client = yield* SqliteClient.make({ path })
          yield* client.withTransaction(client`CREATE TABLE t (n INTEGER)`)
          for (let i = 0; i < 20; i++) yield* client.withTransaction(client`INSERT INTO t VALUES (zeroblob(4000))`)
          return client.movedTo
        })
      ).pipe(Effect.provide(Reactivity.layer))
      const first = (yield* asideOf)!
      expect(Path.dirname(first)).toBe(directory)
      expect(first).toMatch(/registry\.sqlite\.corrupt-\d+$/)
      expect(Fs.readFileSync(first, "utf8")).toContain("this is no database")
      const bytes = Fs.readFileSync(path)
      bytes.fill(0x5a, 8192, 24_576)
      Fs.writeFileSync(path, bytes)
      const second = (yield* asideOf)!
      expect(Fs.readFileSync(second).equals(bytes)).toBe(true)
    }).pipe(Effect.scoped)
  )
})
