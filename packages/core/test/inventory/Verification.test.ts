import { Crawl, type Inventory, Registry, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { counting, images, repository } from "../registries.ts"

const crawled = (options: RegistryMemory.Options, crawlOptions?: Crawl.Options) =>
  Crawl.crawl(crawlOptions).pipe(Effect.provide(RegistryMemory.layer(options)))

const total = (inventory: Inventory.Inventory) => Usage.total(Usage.measure(inventory))!.diskSize

const gone = new Registry.NotFound({ detail: "manifest unknown" })

/** A registry that has lost these manifests. A tag of one of them is still there. */
const without = (repositories: ReadonlyArray<Images.Repository>, lost: ReadonlyArray<Images.Image>) => {
  const digests = lost.map(({ digest }) => `@${digest}`)
  const tags = repositories.flatMap(({ name, tags }) =>
    tags.flatMap(({ image, name: tag }) => (lost.includes(image) ? [`${name}:${tag}`] : []))
  )
  return counting({
    repositories,
    before: (operation, target) =>
      operation === "manifest" && (tags.includes(target) || digests.some((digest) => target.endsWith(digest)))
        ? Effect.fail(gone)
        : Effect.void
  })
}

describe("F106 Crawl.crawl with verify", () => {
  it.effect("sees what the registry deleted of a known index, as a fresh crawl does", () =>
    Effect.gen(function* () {
      const { amd64, attestation, multi, nested } = yield* images
      const repositories = [repository("a", { one: nested, two: amd64 }), repository("b", { three: multi })]
      const before = yield* crawled({ repositories })
      const lost = without(repositories, [attestation])
      const fresh = yield* Crawl.crawl().pipe(Effect.provide(lost.layer))
      expect(total(fresh)).toBeLessThan(total(before))
      for (const verify of [0, 7, "all"] as const) {
        const after = yield* Crawl.crawl({ previous: before, verify }).pipe(Effect.provide(lost.layer))
        expect(total(after)).toBe(total(fresh))
        expect(after.gaps).toEqual([])
      }
      // It is pushed again.
      const again = yield* crawled({ repositories }, { previous: fresh, verify: 0 })
      expect(total(again)).toBe(total(before))
    })
  )

  it.effect("adds one request for each manifest that no tag names, and none to a registry without indexes", () =>
    Effect.gen(function* () {
      const { amd64, docker, multi } = yield* images
      const plain = [repository("a", { one: docker, two: amd64 })]
      const inventory = yield* crawled({ repositories: plain })
      const { counts, layer } = counting({ repositories: plain })
      yield* Crawl.crawl({ previous: inventory, verify: 3 }).pipe(Effect.provide(layer))
      expect(counts).toEqual({ repositories: 1, tags: 1, resolve: 2 })

      // amd64 has a tag; arm64 and the attestation have none.
      const indexes = [repository("a", { one: multi, two: amd64 })]
      const known = yield* crawled({ repositories: indexes })
      const more = counting({ repositories: indexes })
      yield* Crawl.crawl({ previous: known, verify: 3 }).pipe(Effect.provide(more.layer))
      expect(more.counts).toEqual({ repositories: 1, tags: 1, resolve: 2, manifest: 2 })
    })
  )

  it.effect("asks for each of many in ten successive crawls once, for about as many in each", () =>
    Effect.gen(function* () {
      const layer = yield* Images.layer("shared", 10)
      const children = yield* Effect.forEach(Array.from({ length: 1200 }).keys(), (i) =>
        Images.image({ layers: [layer], config: { i } })
      )
      const index = yield* Images.index({ images: children.map((image) => ({ image })) })
      const repositories = [repository("a", { one: index })]
      const before = yield* crawled({ repositories })
      const asked: Array<ReadonlyArray<string>> = []
      for (let round = 25; round < 35; round++) {
        const targets: Array<string> = []
        yield* crawled(
          {
            repositories,
            before: (operation, target) =>
              Effect.sync(() => {
                if (operation === "manifest") targets.push(target)
              })
          },
          { previous: before, verify: round }
        )
        asked.push(targets)
      }
      expect(asked.flat().toSorted()).toEqual(children.map(({ digest }) => `a@${digest}`).toSorted())
      for (const targets of asked) {
        expect(targets.length).toBeGreaterThan(60)
        expect(targets.length).toBeLessThan(240)
      }
    })
  )

  it.effect("with `all`, sees that the manifest of a tag is gone, with one request for each manifest", () =>
    Effect.gen(function* () {
      const { docker, multi } = yield* images
      const repositories = [repository("a", { one: multi, two: docker })]
      const before = yield* crawled({ repositories })
      const { counts, layer } = without(repositories, [docker])
      const after = yield* Crawl.crawl({ previous: before, verify: "all" }).pipe(Effect.provide(layer))
      expect(after.gaps.map(({ kept, reason, tag }) => [tag, reason, kept])).toEqual([["two", "NotFound", false]])
      expect(Usage.tagSizes(Usage.measure(after), 1)).toBeUndefined()
      // multi, docker, amd64, arm64, attestation
      expect(counts).toEqual({ repositories: 1, tags: 1, manifest: 5 })
    })
  )

  it.effect.each([new Registry.Unreachable({ detail: "503" }), new Registry.ServerError({ detail: "500" })])(
    "keeps what it cannot read again for now, with a gap: %s",
    (reason) =>
      Effect.gen(function* () {
        const { arm64, multi, nested } = yield* images
        const repositories = [repository("a", { one: nested })]
        const before = yield* crawled({ repositories })
        for (const failing of [arm64, multi]) {
          const after = yield* crawled(
            {
              repositories,
              before: (_, target) => (target === `a@${failing.digest}` ? Effect.fail(reason) : Effect.void)
            },
            { previous: before, verify: 0 }
          )
          expect(total(after)).toBe(total(before))
          expect(after.gaps).toEqual([
            { repository: "a", digest: failing.digest, reason: reason._tag, detail: reason.detail, kept: true }
          ])
        }
      })
  )
})
