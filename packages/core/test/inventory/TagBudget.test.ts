import { describe, expect, it } from "@effect/vitest"
import { Crawl, Inventory, type Registry } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect, Stream } from "effect"
import * as TagBudget from "../../src/inventory/TagBudget.ts"
import { images, repository } from "../registries.ts"

const crawled = (
  repositories: ReadonlyArray<ReturnType<typeof repository>>,
  limits: Crawl.Limits,
  previous?: Inventory.Inventory
) => Crawl.crawl({ concurrency: 1, limits, previous }).pipe(Effect.provide(RegistryMemory.layer({ repositories })))

describe("F122 the budget of a crawl", () => {
  for (const [limits, named] of [
    [{ tags: 5 }, "more than 5 tags"],
    [{ nameBytes: 10 }, "more than 10 bytes of names of tags"]
  ] as const) {
    it.effect(`has no room for a repository that makes it ${named}, but for others`, () =>
      Effect.gen(function* () {
        const { docker } = yield* images
        const tags = (count: number) =>
          Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, docker] as const))
        const repositories = [
          repository("a", tags(2)),
          repository("huge", tags(6)),
          repository("b", tags(3)),
          repository("c", tags(1))
        ]
        const { gaps, repositories: read } = yield* crawled(repositories, limits)
        expect(gaps.map((gap) => [Inventory.gapTarget(gap), gap.reason])).toEqual([
          ["huge", "TooLarge"],
          ["c", "TooLarge"]
        ])
        expect(gaps[0]?.detail).toContain(named)
        expect(read.map(({ tagNames, unreadable }) => [tagNames.length, unreadable])).toEqual([
          [2, false],
          [0, true],
          [3, false],
          [0, true]
        ])
      })
    )
  }

  it.effect("keeps what an earlier crawl read of a repository that has no room any more", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const before = yield* crawled([repository("a", { one: docker })], {})
      const after = yield* crawled([repository("a", { one: docker, two: docker })], { tags: 1 }, before)
      expect(after.gaps.map(({ kept, reason }) => [reason, kept])).toEqual([["TooLarge", true]])
      expect(after.repositories.map(({ stale, tagNames }) => [tagNames, stale])).toEqual([[["one"], true]])
    })
  )

  it.effect("is not reached by a million tags", () =>
    Effect.gen(function* () {
      const tags = Array.from({ length: 1_000_000 }, (_, i): Registry.ListedTag => ({ name: `release-${i}` }))
      const { name } = repository("a", {})
      expect(yield* TagBudget.make({}).collect(name, Stream.fromArray(tags))).toHaveLength(1_000_000)
    })
  )
})
