/** The work for a document is done once: the reads of the usage and the compressions are counted. */
import { Names, type Snapshot, SnapshotStore } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DailySnapshots } from "@gitlab-registry-usage/demo"
import { expect, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import type * as Zlib from "node:zlib"
import { vi } from "vitest"
import { appLayer, once, signedIn } from "./app.ts"
import { decoded } from "./Client.ts"

const count = vi.hoisted(() => ({ compressions: 0, reads: 0 }))

vi.mock("node:zlib", async (original) => {
  const zlib = await original<typeof Zlib>()
  const counting = <Args extends ReadonlyArray<never>, A>(compress: (...args: Args) => A) => {
    return (...args: Args) => {
      count.compressions++
      return compress(...args)
    }
  }
  return {
    ...zlib,
    brotliCompress: counting(zlib.brotliCompress),
    brotliCompressSync: counting(zlib.brotliCompressSync),
    createBrotliCompress: counting(zlib.createBrotliCompress),
    createGzip: counting(zlib.createGzip),
    gzip: counting(zlib.gzip),
    gzipSync: counting(zlib.gzipSync)
  }
})

/** The snapshot, of which each read of a repository's name is counted. */
const counted = (snapshot: Snapshot.Snapshot): Snapshot.Snapshot => {
  const { inventory } = snapshot.usage
  const repositories = inventory.repositories.map((repository) =>
    Object.defineProperty({ ...repository }, "name", {
      enumerable: true,
      get: () => {
        count.reads++
        return repository.name
      }
    })
  )
  return { ...snapshot, usage: { ...snapshot.usage, inventory: { ...inventory, repositories } } }
}

const store = Layer.effect(
  SnapshotStore.SnapshotStore,
  Effect.gen(function* () {
    const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
    const repositories = Array.from({ length: 5000 }, (_, i) => ({
      name: Names.RepositoryName.make(`group${i % 7}/image-${i}`),
      tags: i < 100 ? [{ name: Names.TagName.make("latest"), image }] : []
    }))
    const snapshot = counted(yield* DailySnapshots.snapshotOf(repositories, DateTime.nowUnsafe()))
    return SnapshotStore.make({ load: Effect.succeedSome(snapshot), save: () => Effect.void })
  })
)

/** The registry does not answer: the snapshot of the store is served. */
const app = appLayer({ repositories: [], before: () => Effect.never }, { store })

layer(app, { excludeTestServices: true, timeout: 60_000 })("a document", (it) => {
  for (const accept of ["application/hal+json", "text/html"]) {
    const path = "/images?embed=1&links=true"

    /** What is done for these requests at once. */
    const work = (query: string, sent: ReadonlyArray<Readonly<Record<string, string>>>, method = "GET") =>
      Effect.gen(function* () {
        const headers = yield* signedIn
        const before = { ...count }
        const answers = yield* Effect.forEach(
          sent,
          (more) => once(`${path}${query}`, { method, headers: { ...headers, accept, ...more } }),
          { concurrency: "unbounded" }
        )
        expect([...new Set(answers.map(({ status }) => status))]).toEqual([200])
        return {
          answers,
          reads: count.reads - before.reads,
          compressions: count.compressions - before.compressions
        }
      })

    it.effect(`is rendered once as ${accept}, for concurrent and later requests`, () =>
      Effect.gen(function* () {
        const alone = yield* work("&n=1", [{}])
        expect(alone.reads).toBeGreaterThan(100)
        const many = Array.from({ length: 10 }, () => ({}))
        const together = yield* work("&n=2", many)
        expect(together.reads).toBe(alone.reads)
        for (const { bytes } of together.answers) expect(bytes.equals(together.answers[0]!.bytes)).toBe(true)
        for (const method of ["GET", "HEAD"]) expect((yield* work("&n=1", many, method)).reads).toBe(0)
      })
    )

    it.effect(`is compressed once in each coding as ${accept}`, () =>
      Effect.gen(function* () {
        const plain = (yield* work("&n=3", [{}])).answers[0]!
        for (const coding of ["br", "gzip"]) {
          const many = Array.from({ length: 10 }, () => ({ "accept-encoding": coding }))
          const first = yield* work("&n=3", many)
          expect([first.reads, first.compressions]).toEqual([0, 1])
          for (const answer of first.answers) {
            expect(answer.headers["content-encoding"]).toBe(coding)
            expect(decoded(answer).equals(plain.bytes)).toBe(true)
          }
          const again = yield* work("&n=3", [...many, {}])
          expect([again.reads, again.compressions]).toEqual([0, 0])
        }
      })
    )
  }
})
