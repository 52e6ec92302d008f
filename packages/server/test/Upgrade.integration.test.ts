/** From the file of the first release, which kept the latest snapshot alone, to a database that keeps the history. */
import { NodeServices } from "@effect/platform-node"
import { Fault } from "@gitlab-registry-usage/demo"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { ask, demoRegistry, startServer, token } from "./process.ts"

/** Written by the first version of the format. It is never written anew: what was kept once must stay readable. */
const firstRelease = `${import.meta.dirname}/snapshots/version-1`
const takenAt = Date.parse("2026-11-20T12:00:00Z") / 1000

interface Told {
  readonly timestamp: number
  readonly size: number
  readonly disk_size: number
  readonly images: number
  readonly gaps: number
  readonly stale?: boolean
}

const told = Effect.fnUntraced(function* (url: string, path = "/images") {
  const { body, status } = yield* ask(`${url}${path}`, { authorization: `Bearer ${yield* token}` })
  assert.strictEqual(status, 200, body)
  return JSON.parse(body) as Told
})

const scene = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const home = yield* fs.makeTempDirectoryScoped()
  const { credentials, registry } = yield* demoRegistry
  return { fs, home, registry, file: `${home}/snapshot`, database: `${home}/state/usage.sqlite`, credentials }
})

describe("the snapshot file of the first release", () => {
  it.live(
    "is copied into a new database as its first snapshot",
    () =>
      Effect.gen(function* () {
        const { credentials, database, file, fs, registry } = yield* scene
        yield* fs.copyFile(firstRelease, file)
        const settings = (general: Record<string, string>) => ({
          general,
          database: { path: database },
          registry: { ...credentials, request_timeout: "1 second" }
        })
        // Nothing but what was kept can be told.
        const upgraded = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* registry.inject({ on: () => true, answer: Fault.status(502) })
            const server = yield* startServer(registry.url, settings({ snapshot_file: file }))
            yield* server.says(/taken over into the database/)
            const told1 = yield* told(server.url)
            yield* server.signal("SIGTERM")
            assert.strictEqual(yield* server.end, 0)
            return told1
          })
        )
        assert.strictEqual(upgraded.timestamp, takenAt)
        assert.strictEqual(upgraded.size, 85_391_181)
        assert.strictEqual(upgraded.disk_size, 2_833_359)
        assert.strictEqual(upgraded.images, 12)
        assert.strictEqual(upgraded.gaps, 1)
        assert.isTrue(upgraded.stale)
        assert.deepStrictEqual(yield* fs.readFile(file), yield* fs.readFile(firstRelease))

        const server = yield* startServer(registry.url, settings({ snapshot_file: file }))
        yield* server.says(/crawled the registry/)
        assert.notMatch(server.output(), /taken over/)
        assert.isAbove((yield* told(server.url)).timestamp, takenAt)
        const past = yield* told(server.url, "/images?at=2026-11-21")
        assert.strictEqual(past.timestamp, takenAt)
        assert.strictEqual(past.disk_size, upgraded.disk_size)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live(
    "is moved aside if it is damaged, and the server starts without it",
    () =>
      Effect.gen(function* () {
        const { credentials, database, file, fs, home, registry } = yield* scene
        const bytes = yield* fs.readFile(firstRelease)
        yield* fs.writeFile(file, bytes.subarray(0, 10_000))
        const server = yield* startServer(registry.url, {
          general: { snapshot_file: file },
          database: { path: database },
          registry: credentials
        })
        yield* server.says(/was not taken over: .*set aside as /)
        yield* server.says(/crawled the registry/)
        assert.isTrue((yield* fs.readDirectory(home)).some((name) => name.startsWith("snapshot.corrupt-")))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )
})

describe("a database that is damaged", () => {
  it.live(
    "F97 is moved aside with a clear error, and the server crawls into a new one",
    () =>
      Effect.gen(function* () {
        const { credentials, database, fs, home, registry } = yield* scene
        const settings = { database: { path: database }, registry: credentials }
        const first = yield* startServer(registry.url, settings)
        yield* first.says(/crawled the registry/)
        const before = yield* told(first.url)
        yield* first.signal("SIGTERM")
        assert.strictEqual(yield* first.end, 0)
        const bytes = yield* fs.readFile(database)
        const damaged = bytes.map((byte, i) => (i > 100 && i % 7 === 0 ? byte ^ 0x5a : byte))
        yield* fs.writeFile(database, damaged)

        const second = yield* startServer(registry.url, settings)
        const [, aside] = yield* second.says(/set aside as (\S+corrupt-\d+)/)
        assert.match(second.output(), /level=ERROR/)
        yield* second.says(/crawled the registry/)
        assert.strictEqual((yield* told(second.url)).disk_size, before.disk_size)
        assert.deepStrictEqual(yield* fs.readFile(aside!), damaged)
        assert.isTrue((yield* fs.readDirectory(`${home}/state`)).includes("usage.sqlite"))
        assert.strictEqual((yield* ask(`${second.url}/health/ready`)).status, 200)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    60_000
  )
})
