import { Crawl, Inventory, MediaType, Registry, Snapshot, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { repository } from "../registries.ts"

/** An image whose manifest states these sizes of its layers, which need not be true. */
const stating = Effect.fnUntraced(function* (
  layers: ReadonlyArray<readonly [layer: Images.Blob, size: number]>,
  config: unknown = layers.map(([, size]) => size)
) {
  const blob = yield* Images.blobOf(new TextEncoder().encode(JSON.stringify({ config })), "application/json")
  return yield* Images.manifestOf(
    MediaType.ociManifest,
    {
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: { mediaType: blob.mediaType, digest: blob.digest, size: blob.body.length },
      layers: layers.map(([{ digest, mediaType }, size]) => ({ mediaType, digest, size }))
    },
    { blobs: [blob, ...layers.map(([layer]) => layer)] }
  )
})

const own = (image: Images.Image) => image.body.length + image.blobs[0]!.body.length

/** Crawls, and counts the sizes that are asked for, by blob. */
const crawled = (options: RegistryMemory.Options, crawlOptions?: Crawl.Options) =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const layer = RegistryMemory.layer({
      ...options,
      before: (operation, target) =>
        Effect.suspend(() => {
          if (operation === "blobSize") asked.push(target.slice(target.indexOf("@") + 1))
          return options.before?.(operation, target) ?? Effect.void
        })
    })
    const inventory = yield* Effect.provide(Crawl.crawl(crawlOptions), layer)
    const usage = Usage.measure(inventory)
    return { inventory, usage, asked, total: Usage.total(usage)?.diskSize }
  })

const layer = Images.layer("shared", 8000)

const gapsOf = ({ gaps }: Inventory.Inventory) =>
  gaps.map(({ blob, detail, digest, kept, reason, repository, tag }) => ({
    place: `${repository}:${tag}`,
    digest,
    blob,
    reason,
    kept,
    detail
  }))

describe("F112 Crawl.crawl", () => {
  for (const [name, sizes, liars] of [
    ["0", [0], [0]],
    ["0 and the right one", [0, 8000], [0]],
    ["one byte too many, and the right one", [8001, 8000], [0]],
    ["the right one, and two different ones", [8000, 1, 9000], [1, 2]],
    ["the same wrong one twice, and the right one", [1, 1, 8000], [0, 1]],
    ["more than a tebibyte", [2 ** 41], [0]],
    ["2^53 - 1, and the right one", [8000, Number.MAX_SAFE_INTEGER], [1]],
    ["the right one twice", [8000, 8000], []]
  ] as const) {
    it.effect(`counts the size that the registry measures where manifests state ${name}`, () =>
      Effect.gen(function* () {
        const shared = yield* layer
        const lies = yield* Effect.forEach(sizes, (size, i) => stating([[shared, size]], i))
        const repositories = lies.map((image, i) => repository(`r${i}`, { one: image }))
        for (const concurrency of [1, 64]) {
          const { asked, inventory, total, usage } = yield* crawled({ repositories }, { concurrency })
          expect(total).toBe(lies.reduce((sum, image) => sum + own(image), 8000))
          lies.forEach((image, r) => {
            expect(Usage.repositorySizes(usage, r)?.size).toBe(own(image) + 8000)
          })
          expect(asked).toEqual(liars.length === 0 ? [] : [shared.digest])
          expect(gapsOf(inventory)).toEqual(
            liars.map((i) => ({
              place: `r${i}:one`,
              digest: lies[i]!.digest,
              blob: shared.digest,
              reason: "Malformed",
              kept: true,
              detail: `it states ${sizes[i]} bytes for the blob ${shared.digest}, which has 8000`
            }))
          )
        }
      })
    )
  }

  it.effect("asks for no size of the empty blob, which is known", () =>
    Effect.gen(function* () {
      const empty = yield* Images.blobOf(new Uint8Array(0), "application/octet-stream")
      const [right, wrong] = [yield* stating([[empty, 0]]), yield* stating([[empty, 5]])]
      const { asked, inventory, total } = yield* crawled({ repositories: [repository("a", { right, wrong })] })
      expect(asked).toEqual([])
      expect(total).toBe(own(right) + own(wrong))
      expect(inventory.gaps.map(({ tag }) => tag)).toEqual(["wrong"])
    })
  )

  it.effect("asks other repositories where one cannot give the size", () =>
    Effect.gen(function* () {
      const shared = yield* layer
      const [one, two] = [yield* stating([[shared, 1]]), yield* stating([[shared, 2]])]
      const { asked, total } = yield* crawled({
        repositories: [repository("a", { one }), repository("b", { two })],
        before: (operation, target) =>
          operation === "blobSize" && target.startsWith("a@")
            ? Effect.fail(new Registry.NotFound({ detail: "blob unknown" }))
            : Effect.void
      })
      expect(asked).toHaveLength(2)
      expect(total).toBe(own(one) + own(two) + 8000)
    })
  )

  it.effect("where nobody gives the size, what needs it is unknown with a gap, and nothing else", () =>
    Effect.gen(function* () {
      const [shared, other] = [yield* layer, yield* Images.layer("other", 50)]
      const [zero, fine] = [yield* stating([[shared, 0]]), yield* stating([[other, 50]])]
      const index = yield* Images.index({ images: [{ image: zero }] })
      const { inventory, usage } = yield* crawled({
        repositories: [repository("a", { zero, fine, index })],
        before: (operation) =>
          operation === "blobSize" ? Effect.fail(new Registry.Malformed({ detail: "no length" })) : Effect.void
      })
      expect([0, 1, 2].map((tag) => Usage.tagSizes(usage, tag)?.size)).toEqual([undefined, own(fine) + 50, undefined])
      expect(gapsOf(inventory)).toEqual([
        {
          place: "a:zero",
          digest: zero.digest,
          blob: undefined,
          reason: "Malformed",
          kept: false,
          detail: `the size of the blob ${shared.digest} is not known: no length`
        }
      ])
      // The next crawl reads it again, and asks again.
      const repositories = [repository("a", { zero, fine, index })]
      const next = yield* crawled({ repositories }, { previous: inventory })
      expect(next.total).toBe(own(zero) + own(fine) + index.body.length + 8000 + 50)
    })
  )

  it.effect("a registry that does not answer for blobs ends no crawl, and is not asked for all of them", () =>
    Effect.gen(function* () {
      const layers = yield* Effect.forEach(Array.from({ length: 100 }).keys(), (i) => Images.layer(`l${i}`, 100 + i))
      const image = yield* stating(layers.map((layer) => [layer, layer.body.length] as const))
      for (const reason of [
        new Registry.Unreachable({ detail: "down" }),
        new Registry.Unauthorized({ detail: "no" })
      ]) {
        const { asked, inventory, total } = yield* crawled(
          {
            repositories: [repository("a", { image })],
            before: (operation) => (operation === "blobSize" ? Effect.fail(reason) : Effect.void)
          },
          { measure: Infinity, concurrency: 4 }
        )
        expect(asked.length).toBeLessThan(10)
        expect(inventory.gaps).toEqual([])
        expect(total).toBe(own(image) + layers.reduce((sum, { body }) => sum + body.length, 0))
      }
    })
  )

  it.effect("measures the largest sizes within the budget, each once, and finds who states a wrong one", () =>
    Effect.gen(function* () {
      const layers = yield* Effect.forEach([10, 20, 30, 40], (size) => Images.layer(`l${size}`, size))
      const [ten, twenty, thirty, forty] = layers as [Images.Blob, Images.Blob, Images.Blob, Images.Blob]
      const honest = yield* stating([
        [ten, 10],
        [twenty, 20]
      ])
      const liar = yield* stating([
        [thirty, 3_000_000],
        [forty, 1]
      ])
      const repositories = [repository("honest", { honest }), repository("liar", { liar })]
      const right = own(honest) + own(liar) + 100
      const measure = 2
      const first = yield* crawled({ repositories }, { measure })
      expect(first.asked[0]).toBe(thirty.digest)
      expect(first.asked).toHaveLength(2)
      expect(Inventory.sizeCoverage(first.inventory)).toEqual({ blobs: 6, measured: 2 })
      expect(gapsOf(first.inventory)).toMatchObject([{ place: "liar:liar", blob: thirty.digest, kept: true }])

      // Measured sizes and gaps last, over a restart as well.
      const taken = { takenAt: DateTime.makeUnsafe(0), duration: 1, stale: false, usage: first.usage }
      const restarted = yield* Effect.flatMap(Snapshot.encode(taken), Snapshot.decode)
      let previous = restarted.usage.inventory
      const asked = [...first.asked]
      for (let crawl = 0; crawl < 3; crawl++) {
        const next = yield* crawled({ repositories }, { measure, previous })
        previous = next.inventory
        asked.push(...next.asked)
        expect(gapsOf(previous).map(({ place }) => place)[0]).toBe("liar:liar")
      }
      expect(Inventory.sizeCoverage(previous)).toEqual({ blobs: 6, measured: 6 })
      expect(new Set(asked).size).toBe(asked.length)
      expect(Usage.total(Usage.measure(previous))?.diskSize).toBe(right)

      const wrong = gapsOf(previous).map(({ blob }) => blob)
      expect(wrong.toSorted()).toEqual([thirty.digest, forty.digest].toSorted())

      // Who states a wrong size later changes nothing, and costs no request.
      const later = yield* stating([[ten, 10_000_000]])
      const more = [repository("later", { later }), ...repositories]
      const after = yield* crawled({ repositories: more }, { previous, measure: 0 })
      expect(after.asked).toEqual([])
      expect(after.total).toBe(right + own(later))
      expect(gapsOf(after.inventory).map(({ place }) => place)).toEqual(["later:later", "liar:liar", "liar:liar"])

      // Its gap goes with it.
      const gone = yield* crawled({ repositories }, { previous: after.inventory, measure: 0, verify: "all" })
      expect(
        gapsOf(gone.inventory)
          .map(({ blob }) => blob)
          .toSorted()
      ).toEqual(wrong.toSorted())
      expect(gone.total).toBe(right)
    })
  )

  it.effect("layers that are stored elsewhere are asked for once, whatever their sizes", () =>
    Effect.gen(function* () {
      const elsewhere = yield* Images.layer("windows", 7000)
      const image = yield* Images.image({ layers: [yield* layer], foreign: [elsewhere] })
      const other = yield* Images.image({
        layers: [yield* layer],
        foreign: [{ ...elsewhere, body: new Uint8Array(0) }]
      })
      const { asked, inventory } = yield* crawled(
        { repositories: [repository("a", { image, other })] },
        { measure: Infinity }
      )
      expect(asked.filter((digest) => digest === elsewhere.digest)).toHaveLength(1)
      expect(inventory.gaps).toEqual([])
    })
  )
})
