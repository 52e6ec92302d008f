/** Several server processes on one PostgreSQL database: who crawls, what they serve, and what they survive. */
import { NodeServices } from "@effect/platform-node"
import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Contents, type DemoRegistry, Fault } from "@gitlab-registry-usage/demo"
import { Postgres, type Program, Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Ref, Schedule, type Scope } from "effect"
import { ask, demoRegistry, eventually, runServer, type ServerProcess, startServer, token } from "../process.ts"

/** The lease of the tests. */
const lease = 2000

const scene = Effect.fnUntraced(function* (interval = "1 hour") {
  const { credentials, registry } = yield* demoRegistry
  const database = yield* Postgres.start()
  const settings = {
    registry: { ...credentials, refresh_interval: interval, refresh_jitter: "0" },
    database: { url: database.url, lease: `${lease} ms` }
  }
  const headers = { authorization: `Bearer ${yield* token}` }
  /** As an operator does it. */
  const revoke = Effect.gen(function* () {
    const revoking = yield* runServer(registry.url, settings, ["revoke"])
    assert.strictEqual(yield* revoking.end, 0, revoking.output())
  })
  return { database, registry, settings, headers, revoke, replica: startServer(registry.url, settings) }
})

interface Told {
  readonly status: number
  readonly etag: string | null
  readonly body: string
  readonly timestamp?: number
  readonly disk_size?: number
  readonly stale?: boolean
}

const told = Effect.fnUntraced(function* (server: ServerProcess, headers: Record<string, string>) {
  const { body, headers: answered, status } = yield* ask(`${server.url}/images?embed=true`, headers)
  const found: Told = { status, etag: answered.get("etag"), body, ...(status === 200 ? JSON.parse(body) : {}) }
  return found
})

/** Asks until all tell the same, at most so long; returns what they told last. */
const agreed = Effect.fnUntraced(function* (
  servers: ReadonlyArray<ServerProcess>,
  headers: Record<string, string>,
  milliseconds: number,
  more: (told: Told) => boolean = () => true
) {
  const end = performance.now() + milliseconds
  while (true) {
    const all = yield* Effect.forEach(servers, (server) => told(server, headers), { concurrency: "unbounded" })
    const [first] = all
    const same = all.every(({ etag, status }) => status === 200 && etag === first!.etag && etag !== null)
    if ((same && more(first!)) || performance.now() > end) return all
    yield* Effect.sleep("50 millis")
  }
})

const assertAgreed = (all: ReadonlyArray<Told>) => {
  for (const { body, etag, status } of all) {
    assert.strictEqual(status, 200)
    assert.strictEqual(etag, all[0]!.etag)
    assert.strictEqual(body, all[0]!.body)
  }
}

type Registry = DemoRegistry.DemoRegistry["Service"]

/** The first crawl takes so long that something can happen in it. */
const slowCrawl = (registry: Registry) =>
  registry.inject({ on: ({ kind }) => kind === "manifest", times: 1, answer: Fault.delay("4 seconds") })

const underWay = Effect.fnUntraced(function* (registry: Registry) {
  for (let tries = 0; tries < 200; tries++) {
    if (((yield* registry.requestCounts)["GET manifest"] ?? 0) > 0) return
    yield* Effect.sleep("50 millis")
  }
  assert.fail("no crawl began")
})

const crawls = (program: Program.Program) => program.output().split("crawled the registry in").length - 1

type Database = Postgres.Postgres["Service"]

/** Asks until there is a row, and returns it. */
const asked = (database: Database, sql: string) =>
  database.query(sql).pipe(
    Effect.filterOrFail(
      (text) => text !== "",
      () => new Error(`nothing was found: ${sql}`)
    ),
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 })
  )

/** Lets whoever writes to a table wait, while others read it. Returns what lets go. */
const held = Effect.fnUntraced(function* (database: Database, table: string) {
  const holder = yield* database
    .query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE; SELECT pg_sleep(600)`)
    .pipe(Effect.ignore, Effect.forkScoped)
  const session = yield* asked(
    database,
    `SELECT pid FROM pg_locks WHERE relation = '${table}'::regclass AND mode = 'ShareLock' AND granted`
  )
  return Effect.andThen(database.query(`SELECT pg_terminate_backend(${session})`), Fiber.join(holder))
})

const kept = [
  "repositories",
  "tags",
  "manifests",
  "blobs",
  "media_types",
  "gaps",
  "arrangements",
  "figures",
  "snapshots"
]

/** Of each table of the snapshots how many rows are there, and a digest of them. */
const rows = (database: Database) =>
  database.query(
    kept
      .map((table) => `SELECT '${table}', count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM ${table} AS t`)
      .join(" UNION ALL ")
  )

const changedRepository = Names.RepositoryName.make("group/tags/inner")

const provided = <A, E>(effect: Effect.Effect<A, E, NodeServices.NodeServices | Scope.Scope>) =>
  effect.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe.skipIf(Servers.leftOut("replicas on a real database"))("replicas that share a database", () => {
  it.live(
    "F100 three replicas that start at once crawl once, and serve the same with the same entity tag",
    () =>
      provided(
        Effect.gen(function* () {
          const { headers, replica } = yield* scene()
          const replicas = yield* Effect.all([replica, replica, replica], { concurrency: 3 })
          assertAgreed(yield* agreed(replicas, headers, 20_000))
          assert.strictEqual(
            replicas.reduce((sum, server) => sum + crawls(server), 0),
            1
          )
          // One that comes later serves it at once, and does not crawl either.
          const later = yield* replica
          assertAgreed(yield* agreed([...replicas, later], headers, 5000))
          yield* Effect.sleep(lease * 2)
          assert.strictEqual(crawls(later), 0)
          assert.isUndefined((yield* told(later, headers)).stale)
        })
      ),
    90_000
  )

  it.live(
    "F100 all replicas serve a new snapshot within a second",
    () =>
      provided(
        Effect.gen(function* () {
          const { headers, replica } = yield* scene("1 second")
          const replicas = [yield* replica, yield* replica]
          const [first] = yield* agreed(replicas, headers, 20_000)
          for (let round = 0; round < 3; round++) {
            const leader = replicas.find((server) => crawls(server) > 0)!
            const count = crawls(leader)
            assert.isTrue(yield* eventually(() => crawls(leader) > count, 10_000))
            assertAgreed(yield* agreed(replicas, headers, 1000, ({ timestamp }) => timestamp! > first!.timestamp!))
          }
          assert.strictEqual(replicas.filter((server) => crawls(server) > 0).length, 1)
        })
      ),
    90_000
  )

  it.live(
    "F101 a leader whose crawl outlasts its lease cannot publish, and serves its successor's snapshot",
    () =>
      provided(
        Effect.gen(function* () {
          const { headers, registry, replica } = yield* scene()
          yield* slowCrawl(registry)
          const paused = yield* replica
          yield* underWay(registry)
          yield* paused.signal("SIGSTOP")
          const successor = yield* replica
          assert.isTrue(yield* eventually(() => crawls(successor) === 1, lease * 5))
          const [published] = yield* agreed([successor], headers, 2000)
          yield* paused.signal("SIGCONT")
          assertAgreed(yield* agreed([paused, successor], headers, 10_000))
          // What it had crawled meanwhile is nowhere.
          yield* Effect.sleep(lease * 2)
          for (const server of [paused, successor]) {
            assert.strictEqual((yield* told(server, headers)).etag, published!.etag)
          }
          assert.strictEqual(crawls(paused), 0)
        })
      ),
    90_000
  )

  it.live(
    "F101 a leader that is killed during its crawl is replaced after its lease, one that stops at once",
    () =>
      provided(
        Effect.gen(function* () {
          const { headers, registry, replica } = yield* scene("1 second")
          yield* slowCrawl(registry)
          const killed = yield* replica
          yield* underWay(registry)
          const second = yield* replica
          yield* killed.signal("SIGKILL")
          assert.isTrue(yield* eventually(() => crawls(second) > 0, lease * 5))
          const third = yield* replica
          assertAgreed(yield* agreed([second, third], headers, 5000))
          yield* second.signal("SIGTERM")
          assert.strictEqual(yield* second.end, 0)
          assert.isTrue(yield* eventually(() => crawls(third) > 0, lease + 3000))
        })
      ),
    90_000
  )

  it.live(
    "F101 a leader that is killed while it writes leaves the previous snapshot, and is replaced",
    () =>
      provided(
        Effect.gen(function* () {
          const { database, headers, registry, replica } = yield* scene("1 second")
          const leader = yield* replica
          assert.isTrue(yield* eventually(() => crawls(leader) > 0, 20_000))
          const reader = yield* replica
          const letGo = yield* held(database, "figures")
          const other = yield* Images.image({ layers: [yield* Images.layer("other", 30_000)] })
          const tags = ["latest", "tags"].map((name) => ({ name: Names.TagName.make(name), image: other }))
          yield* Ref.update(registry.contents, Contents.put({ name: changedRepository, tags }))

          // Once it waits in its transaction, it has written what comes before the figures and committed nothing of it.
          const session = yield* asked(
            database,
            `SELECT pid FROM pg_stat_activity JOIN pg_locks USING (pid)
             WHERE relation = 'figures'::regclass AND NOT granted AND backend_xid IS NOT NULL`
          )
          const written = yield* database.query(
            `SELECT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation
             WHERE pid = ${session} AND granted AND mode = 'RowExclusiveLock' AND relkind = 'r' ORDER BY relname`
          )
          assert.deepStrictEqual(written.split("\n"), ["blobs", "manifests", "measured_sizes", "tags"])
          const all = yield* agreed([leader, reader], headers, 5000)
          assertAgreed(all)
          const [before] = all
          const rowsBefore = yield* rows(database)

          // Who comes after it crawls no further than this, so that what it left behind can be looked at.
          const gate = yield* Deferred.make<void>()
          yield* registry.inject({ on: () => true, answer: (answer) => Effect.andThen(Deferred.await(gate), answer) })
          yield* leader.signal("SIGKILL")
          assert.strictEqual(yield* leader.end, "SIGKILL")
          // The database does not know of it yet.
          assert.strictEqual(
            yield* database.query(`SELECT wait_event_type FROM pg_stat_activity WHERE pid = ${session}`),
            "Lock"
          )
          assertAgreed([before!, yield* told(reader, headers)])

          yield* letGo
          yield* asked(database, `SELECT 'gone' WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${session})`)
          assert.strictEqual(yield* rows(database), rowsBefore)
          // One has it in memory, the other reads it from the tables.
          const later = yield* replica
          const left = yield* agreed([reader, later], headers, 5000)
          assertAgreed(left)
          // The crawl that waits at the gate may have failed by now, which marks the snapshot stale and changes its tag.
          assert.deepStrictEqual([left[0]!.timestamp, left[0]!.disk_size], [before!.timestamp, before!.disk_size])

          yield* Deferred.succeed(gate, undefined)
          const next = yield* agreed(
            [reader, later],
            headers,
            lease * 5,
            ({ timestamp }) => timestamp! > before!.timestamp!
          )
          assertAgreed(next)
          assert.isAbove(next[0]!.timestamp!, before!.timestamp!)
          assert.notStrictEqual(next[0]!.disk_size, before!.disk_size)
        })
      ),
    90_000
  )

  it.live(
    "F102 without the database all replicas continue to serve, and recover when it is back",
    () =>
      provided(
        Effect.gen(function* () {
          const { database, headers, replica } = yield* scene("1 second")
          const replicas = [yield* replica, yield* replica]
          assertAgreed(yield* agreed(replicas, headers, 20_000))
          yield* database.stop
          for (let round = 0; round < 20; round++) {
            for (const server of replicas) {
              const { status, timestamp } = yield* told(server, headers)
              assert.strictEqual(status, 200)
              assert.isAbove(timestamp!, 0)
              assert.strictEqual((yield* ask(`${server.url}/health/ready`)).status, 200)
            }
            yield* Effect.sleep("150 millis")
          }
          const away = yield* Effect.forEach(replicas, (server) => told(server, headers))
          const latest = Math.max(...away.map(({ timestamp }) => timestamp!))
          yield* database.start
          assertAgreed(yield* agreed(replicas, headers, 20_000, ({ timestamp }) => timestamp! > latest))
          // The history answers again as well.
          for (const server of replicas) {
            assert.strictEqual((yield* ask(`${server.url}/history`, headers)).status, 200)
          }
        })
      ),
    90_000
  )

  it.live(
    "F127 where the database is read-only no replica hides that it is stale, none serves older data, and one may start",
    () =>
      provided(
        Effect.gen(function* () {
          const { database, headers, replica } = yield* scene("1 second")
          const replicas = [yield* replica, yield* replica]
          assertAgreed(yield* agreed(replicas, headers, 20_000))
          const status = Effect.fnUntraced(function* (server: ServerProcess) {
            const { body } = yield* ask(`${server.url}/status`, headers)
            return JSON.parse(body) as {
              readonly stale: boolean
              readonly timestamp: number
              readonly leadership: string
              readonly leadership_error: string | null
            }
          })
          const states = Effect.suspend(() => Effect.forEach(replicas, status))
          assert.deepStrictEqual((yield* states).map(({ leadership }) => leadership).sort(), ["following", "leading"])
          const disconnected =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user"
          yield* database.query("ALTER DATABASE registry_usage SET default_transaction_read_only = on")
          yield* database.query(disconnected)
          let served = (yield* states).map(({ timestamp }) => timestamp)
          const isOver = (all: Effect.Success<typeof states>) =>
            all.every(({ leadership, stale }) => stale && leadership === "vacant")
          let all = yield* states
          for (let tries = 0; tries < 200 && !isOver(all); tries++) {
            yield* Effect.sleep("100 millis")
            all = yield* states
            all.forEach(({ timestamp }, i) => assert.isAtLeast(timestamp, served[i]!))
            served = all.map(({ timestamp }) => timestamp)
          }
          replicas.push(yield* replica)
          all = yield* states
          assert.isTrue(isOver(all), JSON.stringify(all))
          for (const { leadership_error } of all) assert.match(leadership_error ?? "", /read-only transaction/)
          for (const server of replicas) {
            const metrics = (yield* ask(`${server.url}/metrics`, headers)).body
            assert.include(metrics, "gitlab_registry_usage_stale 1\n")
            assert.include(metrics, 'gitlab_registry_usage_leadership{state="vacant"} 1\n')
            assert.deepInclude(JSON.parse((yield* ask(`${server.url}/health/ready`)).body), { stale: true })
            assert.match(server.output(), /no replica can be elected; .*read-only transaction/)
          }
          yield* database.query(
            "BEGIN READ WRITE; ALTER DATABASE registry_usage RESET default_transaction_read_only; COMMIT"
          )
          yield* database.query(disconnected)
          const latest = Math.max(...served)
          assertAgreed(yield* agreed(replicas, headers, 20_000, ({ timestamp }) => timestamp! > latest))
          const isWell = (all: Effect.Success<typeof states>) =>
            all.every(({ leadership, leadership_error, stale }) => {
              return leadership !== "vacant" && leadership_error === null && !stale
            })
          all = yield* Effect.repeat(states, { until: isWell, schedule: Schedule.spaced("100 millis"), times: 100 })
          assert.isTrue(isWell(all), JSON.stringify(all))
        })
      ),
    90_000
  )

  it.live(
    "F103 an older version works with the tables of a newer one, unless these require a newer version",
    () =>
      provided(
        Effect.gen(function* () {
          const { database, headers, registry, replica, settings } = yield* scene("1 second")
          const older = yield* replica
          assertAgreed(yield* agreed([older], headers, 20_000))
          // What the next version may do to the tables while this one runs: add to them.
          yield* database.query(
            "ALTER TABLE snapshots ADD COLUMN later text; CREATE TABLE later (x integer); UPDATE schema_version SET version = version + 1"
          )
          const count = crawls(older)
          assert.isTrue(yield* eventually(() => crawls(older) > count + 1, 10_000))
          assert.notMatch(older.output(), /could not be kept/)
          const beside = yield* replica
          assertAgreed(yield* agreed([older, beside], headers, 5000))
          yield* database.query("UPDATE schema_version SET minimum = version")
          const refused = yield* Effect.flip(startServer(registry.url, settings))
          assert.match(refused.message, /newer version|too new|schema/i)
          // Who runs already is not disturbed.
          assert.strictEqual((yield* told(beside, headers)).status, 200)
        })
      ),
    90_000
  )

  it.live(
    "F66 all replicas apply a revocation within a second, and so does one that starts later",
    () =>
      provided(
        Effect.gen(function* () {
          const { headers, replica, revoke } = yield* scene()
          const replicas = [yield* replica, yield* replica]
          assertAgreed(yield* agreed(replicas, headers, 20_000))
          yield* Effect.sleep("1100 millis")
          yield* revoke
          assert.isTrue(
            yield* Effect.gen(function* () {
              for (let tries = 0; tries < 20; tries++) {
                const all = yield* Effect.forEach([...replicas], (server) => told(server, headers))
                if (all.every(({ status }) => status === 401)) return true
                yield* Effect.sleep("50 millis")
              }
              return false
            })
          )
          const later = yield* replica
          assert.strictEqual((yield* told(later, headers)).status, 401)
          yield* Effect.sleep("1 second")
          const fresh = { authorization: `Bearer ${yield* token}` }
          for (const server of [...replicas, later]) assert.strictEqual((yield* told(server, fresh)).status, 200)
        })
      ),
    90_000
  )
})
