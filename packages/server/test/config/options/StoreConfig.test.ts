import { assert, describe, it } from "@effect/vitest"
import { Secret } from "@gitlab-registry-usage/core"
import { Duration, Effect, Redacted } from "effect"
import { ini, load, refusal } from "../fixture.ts"

const url = "postgres://usage:canary-password@db.site.test:5432/usage?sslmode=verify-full"

describe("StoreConfig", () => {
  it.effect("keeps snapshots in memory by default, and in the state directory if there is one", () =>
    Effect.gen(function* () {
      const memory = yield* load(ini())
      assert.deepStrictEqual(memory.store, { _tag: "Sqlite", path: ":memory:", takeOver: undefined })
      const service = yield* load(ini(), { STATE_DIRECTORY: "/var/lib/usage:/var/lib/other" })
      assert.deepStrictEqual(service.store, {
        _tag: "Sqlite",
        path: "/var/lib/usage/usage.sqlite",
        takeOver: undefined
      })
    })
  )

  it.effect("keeps the latest snapshot in a file if only snapshot_file is set, even with a state directory", () =>
    Effect.gen(function* () {
      const { store } = yield* load(ini({ general: { snapshot_file: "/srv/snapshot" } }), { STATE_DIRECTORY: "/state" })
      assert.deepStrictEqual(store, { _tag: "File", path: "/srv/snapshot" })
    })
  )

  it.effect("copies the file's snapshot into a database", () =>
    Effect.gen(function* () {
      const general = { snapshot_file: "/srv/snapshot" }
      const sqlite = yield* load(ini({ general, database: { path: "/srv/usage.sqlite" } }))
      assert.deepStrictEqual(sqlite.store, { _tag: "Sqlite", path: "/srv/usage.sqlite", takeOver: "/srv/snapshot" })
      const { store, warnings } = yield* load(ini({ general, database: { url, lease: "3 seconds" } }))
      assert(store._tag === "Postgres")
      assert.strictEqual(store.takeOver, "/srv/snapshot")
      assert.strictEqual(Duration.toSeconds(store.lease), 3)
      assert.strictEqual(Redacted.value(yield* Secret.current(store.url)), url)
      assert.notInclude(JSON.stringify(store), "canary-password")
      assert.deepStrictEqual(warnings, [])
    })
  )

  it.effect("warns of an unencrypted connection to a database on another host", () =>
    Effect.gen(function* () {
      const warned = yield* load(ini({ database: { url: "postgres://u:p@db.site.test/usage" } }))
      assert.match(warned.warnings.join(), /sslmode=verify-full/)
      const local = yield* load(ini({ database: { url: "postgresql://u:p@127.0.0.1:5433/usage" } }))
      assert.deepStrictEqual(local.warnings, [])
    })
  )

  it.effect("warns where the certificate of the database is not verified, and not for sockets", () =>
    Effect.gen(function* () {
      const warningsOf = (query: string, host = "db.site.test") =>
        Effect.map(load(ini({ database: { url: `postgres://u:p@${host}/usage?${query}` } })), ({ warnings }) =>
          warnings.join()
        )
      assert.match(yield* warningsOf("sslmode=require"), /sslmode=require without sslrootcert.*use sslmode=verify-full/)
      assert.match(yield* warningsOf("sslmode=verify-full", "localhost,db.site.test"), /^$/)
      assert.match(yield* warningsOf("sslmode=prefer", "localhost,db.site.test"), /no sslmode=verify-full/)
      assert.strictEqual(yield* warningsOf("sslmode=verify-ca"), "")
      assert.strictEqual(yield* warningsOf("host=/run/postgresql", ""), "")
      assert.strictEqual(yield* warningsOf("", "[::1]"), "")
    })
  )

  it.effect("refuses parameters of the URL that have no effect, files that cannot be read, and two passwords", () =>
    Effect.gen(function* () {
      assert.match(
        yield* refusal(ini({ database: { url: "postgres://u:canary@h/d?sslmod=require&sslrootcer=/x" } })),
        /url \(FILE:\d+\): is not valid; the parameter sslmod is not supported; did you mean sslmode\?; the parameter sslrootcer is not supported; did you mean sslrootcert\?/
      )
      assert.match(
        yield* refusal(
          ini({ database: { url: "postgres://u@h/d?sslmode=verify-full&sslrootcert=/nonexistent/canary" } })
        ),
        /url.*: the file of sslrootcert cannot be read: there is no such file/
      )
      assert.match(
        yield* refusal(ini({ database: { url, password: "canary" } })),
        /password.*url has a password as well/
      )
      assert.match(yield* refusal(ini({ database: { password: "canary" } })), /password.*has no use without url/)
    })
  )

  it.effect("refuses both places, and a URL with another scheme, without printing it", () =>
    Effect.gen(function* () {
      assert.match(yield* refusal(ini({ database: { path: "/x", url } })), /path.*url is set as well; keep one/)
      for (const wrong of ["mysql://u:canary@h/d", "postgres://h", "canary", "postgres:///usage"]) {
        const message = yield* refusal(ini({ database: { url: wrong } }))
        assert.match(message, /url.*is not valid; accepted: a URL such as postgres:/)
        assert.notInclude(message, "canary")
      }
    })
  )

  it.effect("reads how long snapshots are kept, and how large the disk is", () =>
    Effect.gen(function* () {
      const { http, retention } = yield* load(ini())
      assert.deepStrictEqual(retention, { hourly: Duration.days(30), daily: Duration.days(730) })
      assert.isUndefined(http.capacity)
      const set = yield* load(
        ini({ database: { capacity: "2TB", keep_hourly: "1 week", keep_daily: "10 years" } })
      ).pipe(Effect.flip)
      assert.match(set.message, /keep_daily/)
      const other = yield* load(ini({ database: { capacity: "2TB", keep_hourly: "1 week" } }))
      assert.strictEqual(other.http.capacity, 2e12)
      assert.strictEqual(other.http.capacityUnit, "TB")
      assert.deepStrictEqual(other.retention.hourly, Duration.weeks(1))
    })
  )
})
