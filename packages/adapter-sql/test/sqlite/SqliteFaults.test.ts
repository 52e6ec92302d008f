import { Sqlite, SqliteClient, SqlMigrations } from "@gitlab-registry-usage/adapter-sql"
import { Inventory, Leadership, LoginAttempts, type Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Program, Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Logger, Option, Queue, Schedule, type Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import type { SqlClient, SqlError } from "effect/sql"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { largeSnapshot } from "../largeSnapshot.ts"

const saveForever = fileURLToPath(new URL("../saveForever.ts", import.meta.url))

const path = Effect.map(Servers.temporaryDirectory, (directory) => Path.join(directory, "registry.sqlite"))

const withStore = <A, E>(path: string, use: (store: SnapshotStore.SnapshotStore["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(SnapshotStore.SnapshotStore, use).pipe(Effect.provide(Layer.fresh(Sqlite.layer({ path }))))

/** SQL on the file itself, as another process has it. */
const run = <A, E>(path: string, use: (client: SqliteClient.SqliteClient) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.scoped(Effect.flatMap(SqliteClient.make({ path }), use)).pipe(Effect.provide(Reactivity.layer))

/** What was logged. */
const logged = () => {
  const messages: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void messages.push(`${logLevel} ${[message].flat().join(" ")}`))
  return { messages, layer: Logger.layer([logger]) }
}

/** Whether the log of a database ends in pages of a transaction that did not end (https://sqlite.org/fileformat2.html, 4). */
const isTorn = (file: string) => {
  const log = Fs.existsSync(`${file}-wal`) ? Fs.readFileSync(`${file}-wal`) : Buffer.alloc(0)
  let isTorn = false
  if (log.length < 32) return isTorn
  const salt = log.subarray(16, 24)
  const frame = 24 + log.readUInt32BE(8)
  for (let at = 32; at + frame <= log.length && salt.equals(log.subarray(at + 8, at + 16)); at += frame) {
    isTorn = log.readUInt32BE(at + 4) === 0
  }
  return isTorn
}

describe("SQLite", () => {
  it.live("F96 a process that is killed while it saves leaves the snapshot before or the one after, whole", () =>
    Effect.gen(function* () {
      const file = yield* path
      for (let round = 0; round < 3; round++) {
        const program = yield* Program.start([saveForever, file])
        yield* program.says(/saved/)
        yield* Effect.sleep(60 + round * 61)
        yield* program.signal("SIGKILL")
        yield* program.end
        yield* withStore(file, (store) =>
          Effect.gen(function* () {
            const loaded = Option.getOrThrow(yield* store.load)
            const number = (DateTime.toEpochMillis(loaded.takenAt) - 1_800_000_000_000) / 1000
            expect(Usage.total(loaded.usage)).toEqual(Usage.total(largeSnapshot(number).usage))
            const kept = yield* store.history
            const before = Option.getOrThrow(yield* store.at(kept[0]!))
            expect(Usage.total(before.usage)).toEqual(Usage.total(largeSnapshot(1).usage))
          })
        )
        expect(Fs.readdirSync(Path.dirname(file)).filter((name) => name.includes("corrupt"))).toEqual([])
        for (const suffix of ["", "-wal", "-shm"]) Fs.rmSync(file + suffix, { force: true })
      }
    }).pipe(Effect.scoped)
  )

  it.live("F96 a process that is killed in the middle of a transaction leaves the snapshot before, whole", () =>
    Effect.gen(function* () {
      const file = yield* path
      yield* withStore(file, (store) => store.save(largeSnapshot(0)))
      // What is written last never ends, and before that is so much that not all of it has room in memory.
      const numbers = "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c)"
      yield* run(file, (client) =>
        client.withTransaction(
          Effect.andThen(
            client`CREATE TABLE ballast (bytes)`,
            client`
              CREATE TRIGGER endless BEFORE INSERT ON snapshots BEGIN
                INSERT INTO ballast SELECT zeroblob(4000) FROM ${client.literal(numbers)} LIMIT 12000;
                SELECT count(*) FROM ${client.literal(numbers)};
              END`
          )
        )
      )
      const program = yield* Program.start([saveForever, file])
      yield* Effect.suspend(() => (isTorn(file) ? Effect.void : Effect.fail("nothing was written"))).pipe(
        Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 400 })
      )
      yield* program.signal("SIGKILL")
      expect(yield* program.end).toBe("SIGKILL")
      expect(isTorn(file)).toBe(true)
      yield* run(file, (client) => client.withTransaction(client`DROP TRIGGER endless`))
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          const loaded = Option.getOrThrow(yield* store.load)
          expect(loaded.takenAt).toEqual(largeSnapshot(0).takenAt)
          expect(Usage.total(loaded.usage)).toEqual(Usage.total(largeSnapshot(0).usage))
          expect(yield* store.history).toHaveLength(1)
          yield* store.save(largeSnapshot(2))
          expect(Usage.total(Option.getOrThrow(yield* store.load).usage)).toEqual(Usage.total(largeSnapshot(2).usage))
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("damage is found where it is met, the file set aside, and the next snapshot kept in an empty one", () =>
    Effect.gen(function* () {
      const file = yield* path
      const { layer, messages } = logged()
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          yield* store.save(largeSnapshot(1))
          yield* run(file, (client) => client`PRAGMA wal_checkpoint(TRUNCATE)`)
          const bytes = Fs.readFileSync(file)
          bytes.fill(0x5a, 8192)
          Fs.writeFileSync(file, bytes)
          const error = yield* Effect.flip(store.load)
          assert(error.reason._tag === "SnapshotCorrupt")
          expect(error.message).toContain(`set aside as ${error.reason.movedTo}`)
          expect(Fs.readFileSync(error.reason.movedTo!).equals(bytes)).toBe(true)
          expect(messages.some((text) => text.startsWith("Error") && text.includes(error.message))).toBe(true)
          expect(Option.isNone(yield* store.load)).toBe(true)
          yield* store.save(largeSnapshot(2))
          expect(Option.getOrThrow(yield* store.load).takenAt).toEqual(largeSnapshot(2).takenAt)
        })
      ).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped)
  )

  it.live("damage is found at the start, reported, and does not prevent it", () =>
    Effect.gen(function* () {
      const file = yield* path
      Fs.writeFileSync(file, "no database ".repeat(1000))
      const { layer, messages } = logged()
      yield* withStore(file, (store) => store.save(largeSnapshot(1))).pipe(Effect.provide(layer))
      expect(messages.join("\n")).toMatch(/Error the database .* is damaged: it was set aside as .*\.corrupt-\d+/)
    }).pipe(Effect.scoped)
  )

  const damages: Readonly<Record<string, (client: SqlClient.SqlClient) => Effect.Effect<unknown, SqlError.SqlError>>> =
    {
      "has rows that do not belong together": (client) => client`DELETE FROM blobs WHERE id % 7 = 0`,
      "has contents that are cut off": (client) =>
        client`UPDATE manifests SET contents = substr(contents, 1, length(contents) - 1)`,
      "has an order that is cut off": (client) =>
        client`INSERT INTO arrangements (repository, places, since) SELECT id, x'00', 1 FROM repositories`
    }
  for (const [what, damage] of Object.entries(damages)) {
    it.live(`a snapshot that ${what} is reported, and the next is stored whole`, () =>
      Effect.gen(function* () {
        const file = yield* path
        yield* withStore(file, (store) => store.save(largeSnapshot(1)))
        yield* run(file, (client) => client.withTransaction(damage(client)))
        yield* withStore(file, (store) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(store.load)
            expect(error.reason._tag).toBe("SnapshotCorrupt")
            yield* store.save(largeSnapshot(2))
            const loaded = Option.getOrThrow(yield* store.load)
            expect(Usage.total(loaded.usage)).toEqual(Usage.total(largeSnapshot(2).usage))
          })
        )
      }).pipe(Effect.scoped)
    )
  }

  it.live("forgetting gives the space back", () =>
    Effect.gen(function* () {
      const file = yield* path
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          for (let n = 1; n <= 6; n++) yield* store.save(largeSnapshot(n))
          const sizeOf = run(file, (client) =>
            Effect.andThen(
              client`PRAGMA wal_checkpoint(TRUNCATE)`,
              Effect.sync(() => Fs.statSync(file).size)
            )
          )
          const full = yield* sizeOf
          expect(yield* store.forget(yield* store.history)).toBe(5)
          expect(yield* sizeOf).toBeLessThan(full / 2)
          expect(Usage.total(Option.getOrThrow(yield* store.load).usage)).toEqual(Usage.total(largeSnapshot(6).usage))
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("what a forgotten snapshot left behind is removed the next time, where the process ended in between", () =>
    Effect.gen(function* () {
      const file = yield* path
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          for (let n = 1; n <= 4; n++) yield* store.save(largeSnapshot(n, 50))
          yield* run(file, (client) =>
            client.withTransaction(
              Effect.andThen(
                client`INSERT INTO forgotten SELECT id FROM snapshots WHERE id = 2`,
                client`DELETE FROM snapshots WHERE id = 2`
              )
            )
          )
          const hidden = run(file, (client) => client`SELECT count(*) FROM tags WHERE since = 2 AND until = 3`.values)
          expect(yield* hidden).toEqual([[50]])
          expect(yield* store.forget([])).toBe(0)
          expect(yield* hidden).toEqual([[0]])
          const at = Option.getOrThrow(yield* store.at(largeSnapshot(2).takenAt))
          expect(Usage.total(at.usage)).toEqual(Usage.total(largeSnapshot(1, 50).usage))
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("F103 tables that a newer version added to are used, and those that it made over are refused", () =>
    Effect.gen(function* () {
      const file = yield* path
      yield* withStore(file, (store) => store.save(largeSnapshot(1, 50)))
      yield* run(file, (client) =>
        client.withTransaction(
          Effect.gen(function* () {
            yield* client`ALTER TABLE snapshots ADD COLUMN later TEXT DEFAULT 'x'`
            yield* client`ALTER TABLE tags ADD COLUMN later TEXT`
            yield* client`CREATE TABLE later (x INTEGER)`
            yield* client`UPDATE schema_version SET version = version + 1`
          })
        )
      )
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          expect(Option.isSome(yield* store.load)).toBe(true)
          yield* store.save(largeSnapshot(2, 50))
          expect(yield* store.history).toHaveLength(2)
        })
      )
      yield* run(file, (client) => client.withTransaction(client`UPDATE schema_version SET minimum = version`))
      const error = yield* Effect.flip(withStore(file, (store) => store.load))
      assert(error._tag === "SchemaTooNew")
      const later = SqlMigrations.version + 1
      expect(error).toMatchObject({ version: later, minimum: later, known: SqlMigrations.version })
      expect(error.message).toContain("Update the program")
    }).pipe(Effect.scoped)
  )

  it.live("F103 the tables of the first version are brought up to this one, with all that is in them", () =>
    Effect.gen(function* () {
      const file = yield* path
      yield* withStore(file, (store) => store.save(largeSnapshot(1, 50)))
      const indexes = run(file, (client) => client`SELECT name FROM sqlite_master WHERE name LIKE '%_begun'`.values)
      const made = yield* indexes
      expect(made.length).toBeGreaterThan(0)
      yield* run(file, (client) =>
        client.withTransaction(
          Effect.andThen(
            Effect.andThen(
              Effect.forEach(made, ([name]) => client`DROP INDEX ${client.literal(String(name))}`),
              Effect.andThen(client`DROP TABLE measured_sizes`, client`DROP TABLE unread_changes`)
            ),
            client`UPDATE schema_version SET version = 1, minimum = 1`
          )
        )
      )
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          yield* store.save(largeSnapshot(2, 50))
          expect(yield* store.history).toEqual([largeSnapshot(1).takenAt, largeSnapshot(2).takenAt])
          const at = Option.getOrThrow(yield* store.at(largeSnapshot(1).takenAt))
          expect(Usage.total(at.usage)).toEqual(Usage.total(largeSnapshot(1, 50).usage))
        })
      )
      expect(yield* indexes).toEqual(made)
    }).pipe(Effect.scoped)
  )

  it.live("F103 a size that a program of an earlier version changed is not measured, and can be measured again", () =>
    Effect.gen(function* () {
      const file = yield* path
      const coverage = (snapshot: Option.Option<Snapshot.Snapshot>) =>
        Inventory.sizeCoverage(Option.getOrThrow(snapshot).usage.inventory)
      const measured = (number: number) => {
        const snapshot = largeSnapshot(number, 50)
        snapshot.usage.inventory.blobs.sources.fill(Inventory.SizeSource.measured)
        return snapshot
      }
      const { blobs } = yield* withStore(file, (store) =>
        Effect.andThen(store.save(measured(1)), Effect.map(store.load, coverage))
      )
      // It knows no table of measured sizes: it leaves the row of the blob as it is.
      yield* run(file, (client) =>
        client.withTransaction(
          client`UPDATE blobs SET size = size + 1
            WHERE id = (SELECT min(id) FROM measured_sizes WHERE until IS NULL)`
        )
      )
      yield* withStore(file, (store) =>
        Effect.gen(function* () {
          expect(coverage(yield* store.load)).toEqual({ blobs, measured: blobs - 1 })
          yield* store.save(measured(2))
          expect(coverage(yield* store.load).measured).toBe(coverage(yield* store.load).blobs)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("F50 counts of sign-ins that are past are removed, and so are more than there is room for", () =>
    Effect.gen(function* () {
      const file = yield* path
      yield* Effect.gen(function* () {
        const attempts = yield* LoginAttempts.LoginAttempts
        const insert = (client: SqliteClient.SqliteClient, count: number, until: number) => client`
          INSERT INTO login_attempts
          WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${count})
          SELECT randomblob(32), ${until} + n, 1, 0, 4 FROM c`
        yield* run(file, (client) =>
          client.withTransaction(Effect.andThen(insert(client, 5000, 0), insert(client, 5000, 4e12)))
        )
        const verdict = yield* attempts.attempt("alice", "192.0.2.1")
        expect(verdict._tag).toBe("Allowed")
        yield* Effect.sleep("11 seconds")
        const [row] = yield* run(file, (client) => client`SELECT count(*) FROM login_attempts`.values)
        expect(row?.[0]).toBe(200)
      }).pipe(Effect.provide(Sqlite.layer({ path: file, attempts: { capacity: 100 } })))
    }).pipe(Effect.scoped)
  )

  it.live("a leader stays one while the file cannot be written, as nobody else can write it either", () =>
    Effect.gen(function* () {
      const file = yield* path
      const layer = Sqlite.layer({ path: file, lease: "600 millis" })
      yield* Effect.gen(function* () {
        const leadership = yield* Leadership.Leadership
        const events = yield* Queue.unbounded<string>()
        yield* Effect.forkScoped(
          leadership.lead(() =>
            Queue.offer(events, "begins").pipe(
              Effect.andThen(Effect.never),
              Effect.ensuring(Queue.offer(events, "ends"))
            )
          )
        )
        expect(yield* Queue.take(events)).toBe("begins")
        yield* run(file, (client) => client.withTransaction(Effect.sleep("2 seconds")))
        yield* Effect.sleep("1 second")
        expect(yield* Queue.size(events)).toBe(0)
        expect(yield* leadership.state).toBe("leading")
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped)
  )
})
