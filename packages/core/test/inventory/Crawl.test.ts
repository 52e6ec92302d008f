import type { Inventory } from "@gitlab-registry-usage/core"
import { Crawl, Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, Ref } from "effect"
import { counting, images, repository } from "../registries.ts"

const sizeOf = (usage: Usage.Usage, name: string, tag: string) => {
  const r = Usage.findRepository(usage, Names.RepositoryName.make(name))!
  return Usage.tagSizes(usage, Usage.findTag(usage, r, Names.TagName.make(tag))!)
}

const length = (...stored: ReadonlyArray<{ readonly body: Uint8Array }>) =>
  stored.reduce((sum, { body }) => sum + body.length, 0)
const withConfig = (image: Images.Image) => length(image, image.blobs[0]!)

const crawled = (options: RegistryMemory.Options, crawlOptions?: Crawl.Options) =>
  Crawl.crawl(crawlOptions).pipe(Effect.provide(RegistryMemory.layer(options)))

describe("Crawl.crawl", () => {
  it.effect("counts every type of manifest as it is stored", () =>
    Effect.gen(function* () {
      const i = yield* images
      const { docker, multi, nested, cache, foreign, schema1 } = i
      const inventory = yield* crawled({
        repositories: [
          repository("group/app", { docker, multi, nested, cache, foreign, schema1 }),
          repository("empty", {})
        ]
      })
      expect(inventory.gaps).toEqual([])
      const usage = Usage.measure(inventory)
      const multiSize =
        length(multi, i.base, i.app, i.arm) +
        withConfig(i.amd64) +
        withConfig(i.arm64) +
        length(i.attestation, ...i.attestation.blobs)
      expect(sizeOf(usage, "group/app", "docker")?.size).toBe(withConfig(docker) + length(i.base, i.app))
      expect(sizeOf(usage, "group/app", "multi")?.size).toBe(multiSize)
      expect(sizeOf(usage, "group/app", "nested")?.size).toBe(length(nested) + multiSize + withConfig(docker))
      expect(sizeOf(usage, "group/app", "cache")?.size).toBe(length(cache, ...cache.blobs))
      expect(sizeOf(usage, "group/app", "foreign")?.size).toBe(withConfig(foreign) + length(i.app))
      expect(Usage.foreignSize(usage, 4)).toBe(7000)
      expect(sizeOf(usage, "group/app", "schema1")?.size).toBe(length(schema1, i.base, i.app))
      expect(Usage.repositorySizes(usage, 1)).toEqual({ size: 0, diskSize: 0, uniqueSize: 0 })
      expect(sizeOf(Usage.measure(inventory, { accounting: "layers" }), "group/app", "docker")?.size).toBe(5300)
    })
  )

  it.effect("fetches each manifest once, however many tags, repositories and indexes refer to it", () =>
    Effect.gen(function* () {
      const { amd64, multi, nested } = yield* images
      const { counts, layer } = counting({
        repositories: [repository("a", { one: nested }), repository("b", { two: multi, three: amd64 })],
        listDigests: true
      })
      yield* Crawl.crawl().pipe(Effect.provide(layer))
      // nested, multi, docker, amd64, arm64, attestation
      expect(counts).toEqual({ repositories: 1, tags: 2, manifest: 6 })
    })
  )

  it.effect("asks only for what changed where an earlier inventory is known", () =>
    Effect.gen(function* () {
      const { amd64, docker, multi } = yield* images
      const before = yield* crawled({ repositories: [repository("a", { one: multi, two: amd64 })] })
      const { counts, layer } = counting({ repositories: [repository("a", { one: multi, two: docker, three: amd64 })] })
      const after = yield* Crawl.crawl({ previous: before }).pipe(Effect.provide(layer))
      // A HEAD for each known tag, a GET for the changed one by its digest and for the new one by its name.
      expect(counts).toEqual({ repositories: 1, tags: 1, resolve: 2, manifest: 2 })
      const fresh = yield* crawled({ repositories: [repository("a", { one: multi, two: docker, three: amd64 })] })
      const [usage, expected] = [Usage.measure(after), Usage.measure(fresh)]
      for (const tag of [0, 1, 2]) expect(Usage.tagSizes(usage, tag)).toEqual(Usage.tagSizes(expected, tag))
      expect(Usage.total(usage)).toEqual(Usage.total(expected))
    })
  )

  it.effect("with digests in the listing and nothing changed, asks one listing per repository and nothing else", () =>
    Effect.gen(function* () {
      const { amd64, multi } = yield* images
      const options = {
        repositories: [repository("a", { one: multi }), repository("b", { two: amd64 })],
        listDigests: true
      }
      const before = yield* crawled(options)
      const { counts, layer } = counting(options)
      const after = yield* Crawl.crawl({ previous: before }).pipe(Effect.provide(layer))
      expect(counts).toEqual({ repositories: 1, tags: 2 })
      expect(Usage.total(Usage.measure(after))).toEqual(Usage.total(Usage.measure(before)))
    })
  )

  it.effect("F88 a repository that cannot be read is a gap, and the others are complete", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const inventory = yield* crawled({
        repositories: [
          repository("denied", {}, new Registry.Denied({ detail: "not yours" })),
          repository("fine", { latest: docker }),
          repository("gone", {}, new Registry.NotFound({ detail: "repository name not known to registry" }))
        ]
      })
      const usage = Usage.measure(inventory)
      expect([0, 1, 2].map((r) => Usage.repositorySizes(usage, r) === undefined)).toEqual([true, false, true])
      expect(inventory.gaps.map(({ repository, reason, kept }) => ({ repository, reason, kept }))).toEqual([
        { repository: "denied", reason: "Denied", kept: false },
        { repository: "gone", reason: "NotFound", kept: false }
      ])
    })
  )

  it.effect.each([new Registry.Unreachable({ detail: "503" }), new Registry.Malformed({ detail: "a web page" })])(
    "F80 F89 what fails for now keeps its last good data, marked as stale: %s",
    (reason) =>
      Effect.gen(function* () {
        const { docker, multi } = yield* images
        const repositories = [repository("a", { one: docker, two: multi }), repository("b", { three: multi })]
        const before = yield* crawled({ repositories })
        const after = yield* crawled(
          {
            repositories,
            before: (operation, target) =>
              (operation === "tags" && target === "b") || target === "a:two" ? Effect.fail(reason) : Effect.void
          },
          { previous: before }
        )
        const [usage, expected] = [Usage.measure(after), Usage.measure(before)]
        for (const tag of [0, 1, 2]) expect(Usage.tagSizes(usage, tag)).toEqual(Usage.tagSizes(expected, tag))
        expect(after.repositories.map(({ stale }) => stale)).toEqual([false, true])
        expect(after.gaps.map(({ repository, tag, kept }) => [repository, tag, kept])).toEqual([
          ["a", "two", true],
          ["b", undefined, true]
        ])
      })
  )

  it.effect("a part of an index that fails makes the tag unknown; one that was never pushed takes no disk", () =>
    Effect.gen(function* () {
      const i = yield* images
      const lost = (reason: Registry.RegistryReason) =>
        crawled({
          repositories: [repository("a", { multi: i.multi })],
          before: (_, target) => (target === `a@${i.arm64.digest}` ? Effect.fail(reason) : Effect.void)
        })
      const broken = yield* lost(new Registry.Malformed({ detail: "not JSON" }))
      expect(Usage.tagSizes(Usage.measure(broken), 0)).toBeUndefined()
      expect(Usage.repositorySizes(Usage.measure(broken), 0)).toBeUndefined()
      expect(broken.gaps).toHaveLength(1)
      const sparse = yield* lost(new Registry.NotFound({ detail: "manifest unknown" }))
      expect(sparse.gaps).toEqual([])
      expect(Usage.tagSizes(Usage.measure(sparse), 0)?.size).toBe(
        length(i.multi, i.base, i.app, i.attestation, ...i.attestation.blobs) + withConfig(i.amd64)
      )
    })
  )

  it.effect("a manifest that one repository cannot give is asked of another that has it", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const inventory = yield* crawled({
        repositories: [repository("a", { one: docker }), repository("b", { one: docker })],
        listDigests: true,
        before: (operation, target) =>
          operation === "manifest" && target.startsWith("a")
            ? Effect.andThen(Effect.yieldNow, Effect.fail(new Registry.Denied({ detail: "not yours" })))
            : Effect.void
      })
      expect(inventory.gaps).toEqual([])
      expect(Usage.tagSizes(Usage.measure(inventory), 0)?.size).toBeGreaterThan(0)
    })
  )

  it.effect("F86 stops at the first refused credential", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const { counts, layer } = counting({
        repositories: Array.from({ length: 50 }, (_, n) => repository(`r${n}`, { one: docker })),
        before: (operation) =>
          operation === "tags" ? Effect.fail(new Registry.Unauthorized({ detail: "bad token" })) : Effect.void
      })
      const error = yield* Crawl.crawl({ concurrency: 1 }).pipe(Effect.provide(layer), Effect.flip)
      expect(error.reason._tag).toBe("Unauthorized")
      expect(counts.tags).toBe(1)
    })
  )

  it.effect("F80 gives up where nothing answers any more", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const { counts, layer } = counting({
        repositories: Array.from({ length: 500 }, (_, n) => repository(`r${n}`, { one: docker })),
        before: (operation) =>
          operation === "tags" ? Effect.fail(new Registry.Unreachable({ detail: "ECONNREFUSED" })) : Effect.void
      })
      const error = yield* Crawl.crawl().pipe(Effect.provide(layer), Effect.flip)
      expect(error.reason._tag).toBe("Unreachable")
      expect(counts.tags).toBeLessThan(40)
    })
  )

  it.effect("F76 a chain of indexes without end is bounded, and so is a cycle", () =>
    Effect.gen(function* () {
      let deep = (yield* images).docker
      for (let depth = 0; depth < 100; depth++) deep = yield* Images.index({ images: [{ image: deep }] })
      const inventory = yield* crawled({ repositories: [repository("deep", { latest: deep })] })
      expect(Usage.tagSizes(Usage.measure(inventory), 0)).toBeUndefined()
      expect(inventory.gaps[0]?.detail).toContain("nest deeper")

      // No real digest can refer to itself; a registry that lies about digests is the adapter's matter.
      const self = yield* Images.manifestOf("application/vnd.oci.image.index.v1+json", {
        manifests: [
          { mediaType: "application/vnd.oci.image.index.v1+json", digest: `sha256:${"ab".repeat(32)}`, size: 1 }
        ]
      })
      const cycle = { ...self, digest: `sha256:${"ab".repeat(32)}` as typeof self.digest }
      const cyclic = yield* crawled({ repositories: [repository("cyclic", { latest: cycle })] })
      expect(Usage.tagSizes(Usage.measure(cyclic), 0)?.size).toBe(cycle.body.length)
    })
  )

  it.effect("F74 a manifest of nonsense is a gap of its tag, and totals stay numbers", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const layer = { digest: `sha256:${"0".repeat(64)}`, mediaType: "application/vnd.oci.image.layer.v1.tar" }
      const config = { ...layer, size: 2 }
      // A size that is none is the registry's to give, and it has no such blob.
      const bad = yield* Effect.forEach(
        [
          { config, layers: [{ ...layer, size: -1 }] },
          { config, layers: [{ ...layer, size: 2 ** 60 }] },
          { config, layers: [{ ...layer, size: 1.5 }] },
          { config, layers: [{ ...layer, size: "12" }] },
          { config, layers: [{ ...layer, digest: "../../etc/passwd", size: 1 }] },
          { config, layers: [config], manifests: [config] },
          { config: [], layers: {} },
          [],
          "text",
          null
        ],
        (json) => Images.manifestOf("application/vnd.oci.image.manifest.v1+json", json)
      )
      const tags = Object.fromEntries(bad.map((image, n) => [`bad${n}`, image]))
      const inventory = yield* crawled({ repositories: [repository("a", { ...tags, good: docker })] })
      const usage = Usage.measure(inventory)
      bad.forEach((_, tag) => expect(Usage.tagSizes(usage, tag), `bad${tag}`).toBeUndefined())
      expect(inventory.gaps.map(({ reason }) => reason)).toEqual(bad.map((_, n) => (n < 4 ? "NotFound" : "Malformed")))
      expect(Usage.total(usage)!.diskSize).toBe(Usage.tagSizes(usage, bad.length)!.size)
    })
  )

  it.effect("reports progress that ends with everything done", () =>
    Effect.gen(function* () {
      const { docker, multi } = yield* images
      const events = yield* Ref.make<ReadonlyArray<Crawl.Progress>>([])
      yield* crawled(
        { repositories: [repository("a", { one: docker, two: multi }), repository("b", { one: docker })] },
        { onProgress: (progress) => Ref.update(events, (events) => [...events, progress]) }
      )
      const all = yield* Ref.get(events)
      // Two lists, three tags, two repositories.
      expect(all).toHaveLength(7)
      expect(all.at(-1)).toMatchObject({
        repositoriesFound: 2,
        repositoriesDone: 2,
        tagsFound: 3,
        tagsDone: 3,
        gaps: 0,
        // Two lists, three tags, and the three parts of the index.
        requests: 8
      })
      expect(Crawl.remaining(all.at(-1)!)).toBe(0)
      expect(Crawl.remaining({ ...all[0]!, repositoriesFound: 4, repositoriesDone: 1, elapsed: 500 })).toBe(1500)
      expect(Crawl.remaining({ ...all[0]!, repositoriesDone: 0 })).toBeUndefined()
    })
  )

  it.effect("keeps the registry's order, whatever answers first", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const inventory: Inventory.Inventory = yield* crawled({
        repositories: Array.from({ length: 30 }, (_, n) => repository(`r${n}`, { b: docker, a: docker })),
        before: (_, target) => (target.length % 2 === 0 ? Effect.yieldNow : Effect.void)
      })
      expect(inventory.repositories.map(({ name }) => name)).toEqual(Array.from({ length: 30 }, (_, n) => `r${n}`))
      expect(inventory.repositories[7]!.tagNames).toEqual(["b", "a"])
    })
  )

  it.live("ends at once when it is interrupted, also while requests wait for their turn", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const begun = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        crawled(
          {
            repositories: Array.from({ length: 5 }, (_, n) => repository(`r${n}`, { a: docker, b: docker })),
            before: (operation) =>
              operation === "manifest" ? Effect.andThen(Deferred.succeed(begun, undefined), Effect.never) : Effect.void
          },
          { concurrency: 2 }
        )
      )
      yield* Deferred.await(begun)
      for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
      const ended = yield* Effect.timeoutOption(Fiber.interrupt(fiber), "5 seconds")
      expect(Option.isSome(ended)).toBe(true)
    })
  )
})
