import { Crawl, Digest, Registry, Snapshot, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import fc from "fast-check"
import { inventoryOf, model } from "../model.ts"
import { images, repository } from "../registries.ts"

const taken = Effect.gen(function* () {
  const { docker, foreign, multi, nested } = yield* images
  const odd = yield* Images.image({ layers: [docker.blobs[1]!] })
  const sha512 = { ...odd, digest: Digest.Digest.make(`sha512:${"0a".repeat(64)}`) }
  const inventory = yield* Crawl.crawl().pipe(
    Effect.provide(
      RegistryMemory.layer({
        repositories: [
          repository("a/b", { docker, foreign, multi, nested, sha512 }),
          repository("empty", {}),
          repository("gone", {}, new Registry.NotFound({ detail: 'naïve "name"\nunknown' }))
        ]
      })
    )
  )
  const snapshot: Snapshot.Snapshot = {
    takenAt: DateTime.makeUnsafe("2026-01-02T03:04:05.678Z"),
    duration: 1234.5,
    stale: false,
    usage: Usage.measure(inventory)
  }
  return snapshot
})

describe("Snapshot", () => {
  it.effect("decodes to what was encoded, as stale", () =>
    Effect.gen(function* () {
      const snapshot = yield* taken
      const decoded = yield* Snapshot.decode(yield* Snapshot.encode(snapshot))
      expect(decoded.usage.inventory).toEqual(snapshot.usage.inventory)
      expect(Usage.total(decoded.usage)).toEqual(Usage.total(snapshot.usage))
      expect({ ...decoded, usage: null }).toEqual({ ...snapshot, stale: true, usage: null })
      expect(Snapshot.timestamp(decoded)).toBe(1767323045.678)
    })
  )

  it.effect("does so for any inventory", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(model, async (model) => {
          const usage = Usage.measure(inventoryOf(model))
          const snapshot = { takenAt: DateTime.makeUnsafe(0), duration: 0, stale: false, usage }
          const decoded = await Effect.runPromise(
            Effect.flatMap(Snapshot.encode(snapshot), (bytes) => Snapshot.decode(bytes))
          )
          expect(decoded.usage.inventory).toEqual(usage.inventory)
        }),
        { numRuns: 50 }
      )
    )
  )

  it.effect("F97 refuses what is cut off, altered, empty, foreign or from the future", () =>
    Effect.gen(function* () {
      const bytes = yield* Snapshot.encode(yield* taken)
      const refused = (bytes: Uint8Array) => Effect.map(Effect.flip(Snapshot.decode(bytes)), (error) => error.message)
      for (const length of [1, 20, 47, 48, 100, bytes.length - 1]) {
        expect(yield* refused(bytes.slice(0, length))).toMatch(/not a readable snapshot/)
      }
      for (const place of [16, 60, Math.floor(bytes.length / 2), bytes.length - 1]) {
        expect(yield* refused(bytes.with(place, bytes[place]! ^ 1))).toContain("checksum")
      }
      expect(yield* refused(new Uint8Array(0))).toContain("empty")
      expect(yield* refused(new TextEncoder().encode('{"version": 1}'.padEnd(99)))).toContain("does not begin")
      expect(yield* refused(bytes.with(8, 2))).toBe("not a readable snapshot: version 2, while this program reads 1")
    })
  )
})
