import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { History, Revocation, type Snapshot, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Logger, Option } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { largeSnapshot } from "../largeSnapshot.ts"

const snapshots = 8
const tags = 150
const revokedAt = DateTime.makeUnsafe(1_700_000_000_000)

/** A snapshot that shares half of its tags with the others. */
const snapshot = (number: number): Snapshot.Snapshot => {
  const [before, after] = [largeSnapshot(1, tags), largeSnapshot(number, tags)]
  return number % 2 === 0 ? { ...before, takenAt: after.takenAt } : after
}

/** The bytes of a database with a history, and of its log. */
const scene = Effect.gen(function* () {
  const file = Path.join(yield* Servers.temporaryDirectory, "registry.sqlite")
  let log = Buffer.alloc(0)
  yield* Effect.gen(function* () {
    const store = yield* SnapshotStore.SnapshotStore
    yield* (yield* Revocation.Revocation).revoke(revokedAt)
    for (let number = 1; number <= snapshots; number++) yield* store.save(snapshot(number))
    log = Fs.readFileSync(`${file}-wal`)
  }).pipe(Effect.provide(Layer.fresh(Sqlite.layer({ path: file }))))
  return { file, bytes: Fs.readFileSync(file), log }
})

const messages: Array<string> = []
const logger = Logger.layer([Logger.make(({ message }) => void messages.push([message].flat().join(" ")))])

/** Opens the file; every snapshot that is listed is the one that was saved. Returns how many there are. */
const kept = Effect.fnUntraced(function* (file: string) {
  return yield* Effect.gen(function* () {
    const store = yield* SnapshotStore.SnapshotStore
    const instants = yield* store.history
    for (const instant of instants) {
      const number = (DateTime.toEpochMillis(instant) - 1_800_000_000_000) / 1000
      const found = Option.getOrThrow(yield* store.at(instant))
      expect(Usage.total(found.usage)).toEqual(Usage.total(snapshot(number).usage))
      expect(found.usage.inventory.repositories).toEqual(snapshot(number).usage.inventory.repositories)
      const figures = new Map((yield* store.figuresAt(instant)).map(([{ path }, figures]) => [path, figures]))
      const root = History.figuresOf(snapshot(number).usage).find(([{ path }]) => path === "")![1]
      expect(figures.get("")).toEqual(root)
    }
    const newest = snapshot(99)
    yield* store.save(newest)
    const loaded = Option.getOrThrow(yield* store.load)
    expect(loaded.usage.inventory.repositories).toEqual(newest.usage.inventory.repositories)
    return { count: instants.length, notBefore: yield* (yield* Revocation.Revocation).notBefore }
  }).pipe(Effect.provide(Layer.fresh(Sqlite.layer({ path: file }))))
})

const write = (file: string, bytes: Uint8Array) => {
  for (const suffix of ["-wal", "-shm"]) Fs.rmSync(file + suffix, { force: true })
  Fs.writeFileSync(file, bytes)
}

describe("F125 a damaged database", () => {
  it.live(
    "keeps its whole history and the revocation where the header and the schema are damaged",
    () =>
      Effect.gen(function* () {
        const { bytes, file } = yield* scene
        for (const [from, length] of [
          [0, 100],
          [100, 40],
          [0, 4096]
        ] as const) {
          messages.length = 0
          const damaged = Buffer.from(bytes).fill(0xff, from, from + length)
          write(file, damaged)
          expect(yield* kept(file)).toEqual({ count: snapshots, notBefore: revokedAt })
          const [message] = messages.filter((message) => message.includes("is damaged"))
          expect(message).toMatch(/set aside as .*\.corrupt-\d+; 8 of its snapshots can be read and are kept/)
          const aside = /set aside as (\S+corrupt-\d+)/.exec(message!)![1]!
          expect(Fs.readFileSync(aside).equals(damaged)).toBe(true)
        }
        assert.isFalse(Fs.readdirSync(Path.dirname(file)).some((name) => name.includes("salvage")))
      }).pipe(Effect.provide(logger), Effect.scoped),
    120_000
  )

  it.live(
    "keeps the snapshots that are whole, and no other, wherever pages are lost",
    () =>
      Effect.gen(function* () {
        const { bytes, file } = yield* scene
        const pages = bytes.length / 4096
        const counts: Array<number> = []
        const step = Math.ceil(pages / 10)
        for (let page = 1; page < pages; page += step) {
          write(file, Buffer.from(bytes).fill(0x5a, page * 4096, (page + 1) * 4096))
          const { count, notBefore } = yield* kept(file)
          expect(DateTime.toEpochMillis(notBefore)).toBeGreaterThanOrEqual(DateTime.toEpochMillis(revokedAt))
          counts.push(count)
        }
        expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20)
      }).pipe(Effect.provide(logger), Effect.scoped),
    120_000
  )

  it.live(
    "keeps what is whole of a file that was cut off",
    () =>
      Effect.gen(function* () {
        const { bytes, file } = yield* scene
        const counts: Array<number> = []
        for (const part of [0.0001, 0.3, 0.6, 0.9, 0.99]) {
          write(file, bytes.subarray(0, Math.floor(bytes.length * part)))
          counts.push((yield* kept(file)).count)
        }
        expect(counts).toEqual(counts.toSorted())
        expect([counts[0], counts.at(-1)]).toEqual([0, snapshots])
      }).pipe(Effect.provide(logger), Effect.scoped),
    120_000
  )

  it.live(
    "ends all tokens where the instant of the revocation is lost",
    () =>
      Effect.gen(function* () {
        const { bytes, file } = yield* scene
        const before = Date.now()
        write(file, Buffer.from(bytes).fill(0xff))
        const { count, notBefore } = yield* kept(file)
        expect(count).toBe(0)
        expect(DateTime.toEpochMillis(notBefore)).toBeGreaterThanOrEqual(before)
      }).pipe(Effect.provide(logger), Effect.scoped),
    120_000
  )

  it.live(
    "keeps what is in its log alone",
    () =>
      Effect.gen(function* () {
        const { bytes, file, log } = yield* scene
        expect(log.length).toBeGreaterThan(0)
        write(file, Buffer.from(bytes).fill(0xff, 100, 140))
        Fs.writeFileSync(`${file}-wal`, log)
        expect((yield* kept(file)).count).toBe(snapshots)
      }).pipe(Effect.provide(logger), Effect.scoped),
    120_000
  )
})
