import { Crawl, Usage } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { catalog, collector, repositories } from "./golden.ts"

/** The layer that the registry adds to each image whose history has an empty step when it converts to schema 1. */
const emptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"

const measured = Effect.gen(function* () {
  const registry = RegistryMemory.layer({ repositories: yield* repositories })
  const inventory = yield* Crawl.crawl().pipe(Effect.provide(registry))
  return Usage.measure(inventory, { accounting: "layers" })
})

type PerTag = Record<string, Record<string, number> | null>
const layers = collector.layers as Record<string, Record<string, ReadonlyArray<string>> | null>
const layerSizes = collector.layer_sizes as Record<string, number>

/** Bytes that the original counts too much: the empty layer each time it stands, and each repetition of a layer. */
const surplus = (listed: ReadonlyArray<string>) =>
  listed.reduce(
    (sum, digest, i) => (digest === emptyLayer || listed.indexOf(digest) < i ? sum + layerSizes[digest]! : sum),
    0
  )

describe("the recorded registry", () => {
  it.effect("every tag's size under the accounting `layers` is the true number of its layer bytes", () =>
    Effect.gen(function* () {
      const usage = yield* measured
      const expected = catalog.expected.repositories as Record<string, Record<string, { layerBytes: number }>>
      usage.inventory.repositories.forEach(({ name, tagNames }, r) =>
        tagNames.forEach((tag, t) =>
          expect(Usage.tagSizes(usage, usage.tagStarts[r]! + t)?.size, `${name}:${tag}`).toBe(
            expected[name]![tag]!.layerBytes
          )
        )
      )
      expect(Usage.total(usage)!.diskSize).toBe(catalog.expected.distinctLayerBytes)
    })
  )

  it.effect("every `size` of the original differs only by the empty layer and by repeated layers", () =>
    Effect.gen(function* () {
      const usage = yield* measured
      usage.inventory.repositories.forEach(({ name, tagNames }, r) => {
        const recorded = (collector.tag_sizes as PerTag)[name]
        if (recorded == null) {
          expect(Usage.repositorySizes(usage, r), name).toBeUndefined()
          expect((collector.repository_sizes as Record<string, number | null>)[name]).toBeNull()
          return
        }
        let sum = 0
        tagNames.forEach((tag, t) => {
          const surplusHere = surplus(layers[name]![tag]!)
          sum += surplusHere
          const ours = Usage.tagSizes(usage, usage.tagStarts[r]! + t)!.size
          expect(ours + surplusHere, `${name}:${tag}`).toBe(recorded[tag])
        })
        expect(Usage.repositorySizes(usage, r)!.size + sum).toBe(
          (collector.repository_sizes as Record<string, number | null>)[name]
        )
      })
    })
  )

  it.effect("every `disk_size` of the original differs only by the empty layer and by repeated layers", () =>
    Effect.gen(function* () {
      const usage = yield* measured
      let emptyCharged = 0
      usage.inventory.repositories.forEach(({ name, tagNames }, r) => {
        const recorded = (collector.tag_disk_sizes as PerTag)[name]
        if (recorded == null) return
        tagNames.forEach((tag, t) => {
          const listed = layers[name]![tag]!
          const ours = Usage.tagSizes(usage, usage.tagStarts[r]! + t)!.diskSize
          const difference = recorded[tag]! - ours
          // The empty layer is one more blob, charged to one tag; a repetition counts where the layer is charged.
          const empties = listed.filter((digest) => digest === emptyLayer).length * 32
          const repeated = surplus(listed) - empties
          const explained = [0, empties, repeated, empties + repeated]
          expect(explained, `${name}:${tag}: ${recorded[tag]} here ${ours}`).toContain(difference)
          if (difference === empties && empties > 0) emptyCharged++
        })
      })
      expect(emptyCharged).toBe(1)
    })
  )
})
