/** Snapshots in a file: processes that are killed, disks that are full or read-only, and restarts. */
import { NodeServices } from "@effect/platform-node"
import { Inventory } from "@gitlab-registry-usage/core"
import { Fault } from "@gitlab-registry-usage/demo"
import { FileSnapshotStore } from "@gitlab-registry-usage/server"
import { Program, Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, FileSystem, Option, Schedule } from "effect"
import { ask, demoRegistry, eventually, startServer, token } from "../process.ts"

const directory = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())

/** A file system in memory of this size that is there until the scope closes; `undefined` where none may be mounted. */
const mounted = Effect.fnUntraced(function* (options: string) {
  const path = yield* directory
  const mount = Servers.run("/bin/mount", ["-t", "tmpfs", "-o", options, "none", path])
  const unmount = () => Effect.orDie(Servers.run("/bin/umount", ["-l", path]))
  return yield* Effect.acquireRelease(mount, unmount).pipe(Effect.as(path), Effect.option)
})

const headers = Effect.map(token, (token) => ({ authorization: `Bearer ${token}` }))

interface Told {
  readonly timestamp: number
  readonly disk_size: number
  readonly stale?: boolean
}

const told = Effect.fnUntraced(function* (url: string) {
  const { body, status } = yield* ask(`${url}/images`, yield* headers)
  assert.strictEqual(status, 200)
  return JSON.parse(body) as Told
})

describe("a process that is killed while it saves", () => {
  it.live(
    "F96 SIGKILL at any moment leaves the old snapshot or the new one, never a torn one",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const home = yield* directory
        const seen = yield* Effect.forEach(
          Array.from({ length: 10 }, (_, i) => i),
          (i) =>
            Effect.gen(function* () {
              const path = `${home}/${i}`
              const saving = yield* Program.start([`${import.meta.dirname}/../saving.ts`, path])
              yield* saving.says(/saved/)
              yield* Effect.sleep(5 + i * 11)
              yield* saving.signal("SIGKILL")
              assert.strictEqual(yield* saving.end, "SIGKILL")
              const store = yield* FileSnapshotStore.make({ path })
              const { takenAt, usage } = Option.getOrThrow(yield* store.load)
              const tags = Inventory.tagCount(usage.inventory)
              const what = DateTime.formatIso(takenAt)
              assert.include(["2026-01-01T00:00:00.000Z 4000", "2026-01-02T00:00:00.000Z 6000"], `${what} ${tags}`)
              // Half a file beside the snapshot shows that it was killed in the middle of writing.
              return { tags, half: yield* fs.exists(`${path}.new`) }
            }).pipe(Effect.scoped),
          { concurrency: 2 }
        )
        assert.isTrue(seen.some(({ half }) => half))
        assert.isTrue(seen.some(({ tags }) => tags === 4000) && seen.some(({ tags }) => tags === 6000))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    90_000
  )
})

describe("a snapshot that is damaged", () => {
  const kinds = {
    corrupt: (whole: Uint8Array) => whole.map((byte, i) => (i > 100 && i % 7 === 0 ? byte ^ 0x5a : byte)),
    truncated: (whole: Uint8Array) => whole.slice(0, Math.floor(whole.length / 2)),
    empty: () => new Uint8Array(0),
    "of a later release": (whole: Uint8Array) => whole.with(8, 99)
  }

  it.live(
    "F97 is set aside, and the server starts without being ready until it has crawled",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { credentials, registry } = yield* demoRegistry
        const home = yield* directory
        const path = `${home}/snapshot`
        const settings = { general: { snapshot_file: path }, registry: credentials }
        const first = yield* startServer(registry.url, settings)
        yield* first.says(/crawled the registry/)
        yield* first.signal("SIGTERM")
        assert.strictEqual(yield* first.end, 0)
        const whole = new Uint8Array(yield* fs.readFile(path))

        for (const [kind, damage] of Object.entries(kinds)) {
          const damaged = damage(whole)
          yield* fs.writeFile(path, damaged)
          yield* Effect.gen(function* () {
            const waits = yield* Deferred.make<void>()
            yield* registry.inject({
              on: ({ kind }) => kind === "catalog",
              answer: (answer) => Effect.andThen(Deferred.await(waits), answer)
            })
            const server = yield* startServer(registry.url, settings)
            const [, aside] = yield* server.says(/set aside as (\S*corrupt-\d+)/)
            assert.deepStrictEqual(new Uint8Array(yield* fs.readFile(aside!)), damaged, kind)
            for (const [route, status] of [
              ["/health/live", 200],
              ["/health/ready", 503],
              ["/images", 503]
            ] as const) {
              assert.strictEqual((yield* ask(server.url + route, yield* headers)).status, status, `${kind} ${route}`)
            }
            yield* Deferred.succeed(waits, undefined)
            yield* server.says(/crawled the registry/)
            assert.strictEqual((yield* ask(`${server.url}/health/ready`)).status, 200, kind)
            assert.isAbove((yield* told(server.url)).disk_size, 0, kind)
          }).pipe(Effect.scoped)
        }
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})

describe("a disk that cannot be written", () => {
  /** The server crawls, serves, and tells that it could not keep the snapshot. */
  const servesWithout = Effect.fnUntraced(function* (
    places: Readonly<Record<string, Readonly<Record<string, string>>>>,
    reason: RegExp
  ) {
    const { credentials, registry } = yield* demoRegistry
    const server = yield* startServer(registry.url, {
      ...places,
      general: { metrics_token: "canary-metrics-token", ...places["general"] },
      registry: { ...credentials, refresh_interval: "1 second" }
    })
    yield* server.says(/level=ERROR[^\n]*could not be kept/)
    assert.match(server.output(), reason)
    const first = yield* told(server.url)
    assert.isAbove(first.disk_size, 0)
    assert.isUndefined(first.stale)
    // It goes on crawling, and says so each time.
    assert.isTrue(yield* eventually(() => server.output().split("could not be kept").length > 3, 10_000))
    assert.isAbove((yield* told(server.url)).timestamp, first.timestamp)
    assert.strictEqual((yield* ask(`${server.url}/health/ready`)).status, 200)
    // The alert RegistryUsageNotSaved waits for this to increase.
    const metrics = yield* ask(`${server.url}/metrics`, { authorization: "Bearer canary-metrics-token" })
    assert.isAbove(Number(/^gitlab_registry_usage_save_errors_total (\d+)$/m.exec(metrics.body)?.[1]), 2)
  })

  it.live(
    "F98 a full disk: served from memory, and reported",
    () =>
      Effect.gen(function* () {
        const small = yield* mounted("size=4k")
        if (Option.isSome(small))
          return yield* servesWithout({ general: { snapshot_file: `${small.value}/snapshot` } }, /ENOSPC|no space/i)
        console.warn("F98: no file system may be mounted here; writing goes to /dev/full instead")
        const fs = yield* FileSystem.FileSystem
        const home = yield* directory
        yield* fs.symlink("/dev/full", `${home}/snapshot.new`)
        yield* servesWithout({ general: { snapshot_file: `${home}/snapshot` } }, /ENOSPC|no space/i)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "F98 a read-only file system: served from memory, and reported",
    () =>
      Effect.gen(function* () {
        const readOnly = yield* mounted("ro")
        if (Option.isSome(readOnly))
          return yield* servesWithout({ general: { snapshot_file: `${readOnly.value}/snapshot` } }, /EROFS|read-only/i)
        console.warn("F98: no file system may be mounted here; a folder without write permission instead")
        const fs = yield* FileSystem.FileSystem
        const home = yield* directory
        yield* fs.chmod(home, 0o500)
        yield* servesWithout({ general: { snapshot_file: `${home}/snapshot` } }, /EACCES|permission/i)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  for (const [what, options, reason] of [
    ["too full for a database to begin", "size=4k", /cannot be used: .*(full|I\/O|space)/i],
    ["that is full before the first snapshot is in it", "size=160k", /full|I\/O|space/i],
    ["that is read-only", "ro", /cannot be used: .*(read-?only|EROFS|unable to open)/i]
  ] as const) {
    it.live(
      `F98 a disk ${what}: served from memory, and reported`,
      () =>
        Effect.gen(function* () {
          const disk = yield* mounted(options)
          if (Option.isSome(disk)) {
            return yield* servesWithout({ database: { path: `${disk.value}/usage.sqlite` } }, reason)
          }
          console.warn("F98: no file system may be mounted here; a place where nothing can be made instead")
          yield* servesWithout({ database: { path: "/dev/null/usage.sqlite" } }, /cannot be used: /)
        }).pipe(Effect.provide(NodeServices.layer)),
      60_000
    )
  }
})

describe("a database that was removed", () => {
  it.live("F66 tokens of before are refused, as they may be revoked, also after the next start", () =>
    Effect.gen(function* () {
      const { credentials, registry } = yield* demoRegistry
      const path = `${yield* directory}/usage.sqlite`
      const earlier = yield* token
      yield* Effect.sleep("1100 millis")
      for (let start = 0; start < 2; start++) {
        yield* Effect.gen(function* () {
          const server = yield* startServer(registry.url, { database: { path }, registry: { ...credentials } })
          yield* server.says(/crawled the registry|serving the snapshot/)
          const status = (token: string) =>
            Effect.map(ask(`${server.url}/images`, { authorization: `Bearer ${token}` }), ({ status }) => status)
          assert.strictEqual(yield* status(earlier), 401)
          assert.strictEqual(yield* status(yield* token), 200)
        }).pipe(Effect.scoped)
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("a database in memory", () => {
  it.live("a restart signs nobody out: nothing could be revoked", () =>
    Effect.gen(function* () {
      const { credentials, registry } = yield* demoRegistry
      const earlier = yield* token
      yield* Effect.sleep("1100 millis")
      const server = yield* startServer(registry.url, { database: { path: ":memory:" }, registry: credentials })
      yield* server.says(/crawled the registry/)
      const { status } = yield* ask(`${server.url}/images`, { authorization: `Bearer ${earlier}` })
      assert.strictEqual(status, 200)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("a database that cannot be opened", () => {
  it.live(
    "F128 is tried again; meanwhile the server crawls, and refuses the tokens of before, which may be revoked",
    () =>
      Effect.gen(function* () {
        const { credentials, registry } = yield* demoRegistry
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* directory}/usage.sqlite`
        yield* fs.makeDirectory(path)
        const earlier = yield* token
        yield* Effect.sleep("1100 millis")
        const server = yield* startServer(registry.url, {
          database: { path },
          registry: { ...credentials, refresh_interval: "1 second", refresh_jitter: "0" }
        })
        yield* server.says(/crawled the registry/)
        assert.match(server.output(), /usage\.sqlite cannot be used: .*; no snapshot is kept until it can be opened/)
        const headers = { authorization: `Bearer ${yield* token}` }
        const asked = (path: string, headers: Record<string, string>) =>
          Effect.map(ask(`${server.url}${path}`, headers), ({ body, status }) => ({ status, body }))
        assert.strictEqual((yield* asked("/images", { authorization: `Bearer ${earlier}` })).status, 401)
        assert.strictEqual((yield* asked("/images", headers)).status, 200)
        assert.strictEqual((yield* asked("/history", headers)).status, 503)
        const status = yield* asked("/status", headers)
        assert.match(JSON.parse(status.body).save_error, /cannot be used/)

        yield* fs.remove(path, { recursive: true })
        yield* server.says(/the database is open now/)
        const kept = yield* Effect.repeat(asked("/history", headers), {
          until: ({ body, status }) => status === 200 && JSON.parse(body).snapshots > 0,
          schedule: Schedule.spaced("100 millis"),
          times: 100
        })
        assert.strictEqual(kept.status, 200, kept.body)
        assert.strictEqual(JSON.parse((yield* asked("/status", headers)).body).save_error, null)
        assert.strictEqual((yield* asked("/images", { authorization: `Bearer ${earlier}` })).status, 401)
        assert.strictEqual((yield* asked("/images", headers)).status, 200)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})

describe("a restart", () => {
  it.live(
    "F99 with the registry down: the stored snapshot with its own time, as stale, until a crawl succeeds",
    () =>
      Effect.gen(function* () {
        const { credentials, registry } = yield* demoRegistry
        const settings = {
          general: { snapshot_file: `${yield* directory}/snapshot` },
          registry: { ...credentials, request_timeout: "1 second" }
        }
        const first = yield* startServer(registry.url, settings)
        yield* first.says(/crawled the registry/)
        const before = yield* told(first.url)
        yield* Effect.sleep("300 millis")
        yield* first.signal("SIGTERM")
        assert.strictEqual(yield* first.end, 0)

        yield* Effect.gen(function* () {
          yield* registry.inject({ on: () => true, answer: Fault.status(502) })
          const second = yield* startServer(registry.url, settings)
          const after = yield* told(second.url)
          assert.strictEqual(after.timestamp, before.timestamp)
          assert.strictEqual(after.disk_size, before.disk_size)
          assert.isTrue(after.stale)
          assert.strictEqual((yield* ask(`${second.url}/health/ready`)).status, 200)
          yield* second.says(/the crawl failed/)
          assert.deepStrictEqual(yield* told(second.url), after)
          yield* second.signal("SIGKILL")
        }).pipe(Effect.scoped)

        const third = yield* startServer(registry.url, settings)
        yield* third.says(/crawled the registry/)
        const last = yield* told(third.url)
        assert.isAbove(last.timestamp, before.timestamp)
        assert.isUndefined(last.stale)
      }).pipe(Effect.provide(NodeServices.layer)),
    90_000
  )
})
