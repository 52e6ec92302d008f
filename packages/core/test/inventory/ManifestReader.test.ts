import { assert, describe, it } from "@effect/vitest"
import { Crawl, Inventory, MediaType, Registry, TagContents, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"
import { counting, repository } from "../registries.ts"

const length = (...stored: ReadonlyArray<{ readonly body: Uint8Array }>) =>
  stored.reduce((sum, { body }) => sum + body.length, 0)

const crawled = (options: RegistryMemory.Options, crawlOptions?: Crawl.Options) =>
  Crawl.crawl(crawlOptions).pipe(Effect.provide(RegistryMemory.layer(options)))

const total = (inventory: Inventory.Inventory) => Usage.total(Usage.measure(inventory))?.diskSize
const gaps = (inventory: Inventory.Inventory) => inventory.gaps.map(({ digest, reason }) => [digest, reason])

/** Fails an operation on one target. */
const failing =
  (of: RegistryMemory.Operation, digest: string, reason: Registry.RegistryReason) =>
  (operation: RegistryMemory.Operation, target: string) =>
    operation === of && target.endsWith(`@${digest}`) ? Effect.fail(reason) : Effect.void

/** An index of entries, each with the media type by which the index refers to it. */
const indexOf = (
  entries: ReadonlyArray<readonly [mediaType: string | undefined, entry: Images.Image | Images.Blob]>,
  refers: { readonly children?: ReadonlyArray<Images.Image>; readonly blobs?: ReadonlyArray<Images.Blob> }
) =>
  Images.manifestOf(
    MediaType.ociIndex,
    {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: entries.map(([mediaType, { body, digest }]) => ({
        ...(mediaType === undefined ? {} : { mediaType }),
        digest,
        size: body.length
      }))
    },
    refers
  )

const foreignTypes = [
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
]

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe("F111 a layer that may be stored elsewhere", () => {
  const windows = Effect.gen(function* () {
    const [base, own] = [yield* Images.layer("windows", 7000), yield* Images.layer("own", 300)]
    const image = yield* Images.image({ layers: [own], foreign: [base] })
    const pushed = { ...image, blobs: [...image.blobs, base] }
    return { base, own, image, pushed }
  })

  it.effect("takes disk where the registry has it, whatever its media type says", () =>
    Effect.gen(function* () {
      const base = yield* Images.layer("windows", 7000)
      for (const mediaType of foreignTypes) {
        const layers = [{ mediaType, digest: base.digest, size: 1, urls: ["https://elsewhere.example/layer"] }]
        const pushed = yield* Images.manifestOf(MediaType.ociManifest, { layers }, { blobs: [base] })
        const stored = yield* crawled({ repositories: [repository("a", { one: pushed })] })
        assert.deepStrictEqual(gaps(stored), [])
        assert.strictEqual(total(stored), length(pushed, base), mediaType)
        assert.strictEqual(Usage.foreignSize(Usage.measure(stored), 0), 0)
        const elsewhere = yield* crawled({ repositories: [repository("a", { one: { ...pushed, blobs: [] } })] })
        assert.deepStrictEqual(gaps(elsewhere), [])
        assert.strictEqual(total(elsewhere), length(pushed), mediaType)
        assert.strictEqual(Usage.foreignSize(Usage.measure(elsewhere), 0), 1)
      }
    })
  )

  it.effect("is asked for once, whatever number of tags and repositories refer to it, and not again later", () =>
    Effect.gen(function* () {
      const { base, image, pushed } = yield* windows
      const other = yield* Images.image({ layers: [], foreign: [base], config: { other: true } })
      for (const [first, requests] of [
        [pushed, 1],
        // One that a repository does not have may be in the other.
        [image, 2]
      ] as const) {
        const repositories = [repository("a", { one: first, two: other }), repository("b", { one: other, two: first })]
        const cold = counting({ repositories })
        const inventory = yield* Crawl.crawl().pipe(Effect.provide(cold.layer))
        assert.isAtMost(cold.counts.blobSize ?? 0, requests)
        assert.strictEqual(total(inventory), total(yield* crawled({ repositories })))
        const again = counting({ repositories })
        const unchanged = yield* Crawl.crawl({ previous: inventory }).pipe(Effect.provide(again.layer))
        assert.isUndefined(again.counts.blobSize)
        assert.strictEqual(total(unchanged), total(inventory))
      }
    })
  )

  it.effect("is stored for every tag where one repository has it", () =>
    Effect.gen(function* () {
      const { base, image, own, pushed } = yield* windows
      const other = yield* Images.image({ layers: [own], foreign: [base], config: { other: true } })
      const [has, lacks] = [
        { name: "a", tags: { one: pushed } },
        { name: "b", tags: { one: other } }
      ]
      for (const order of [
        [has, lacks],
        [lacks, has]
      ]) {
        const inventory = yield* crawled({
          repositories: order.map(({ name, tags }) => repository(name, tags)),
          before: (operation, target) =>
            operation === "blobSize" && target.startsWith("b@")
              ? Effect.fail(new Registry.NotFound({ detail: "no such blob" }))
              : Effect.void
        })
        assert.deepStrictEqual(gaps(inventory), [])
        assert.strictEqual(total(inventory), length(image, other, own, base, image.blobs[0]!, other.blobs[0]!))
        const usage = Usage.measure(inventory)
        assert.deepStrictEqual(
          [0, 1].map((tag) => Usage.foreignSize(usage, tag)),
          [0, 0]
        )
      }
    })
  )

  it.effect("makes its tag unknown where the registry does not say", () =>
    Effect.gen(function* () {
      const { base, image } = yield* windows
      const broken = yield* crawled({
        repositories: [repository("a", { one: image })],
        before: failing("blobSize", base.digest, new Registry.ServerError({ detail: "500" }))
      })
      assert.deepStrictEqual(gaps(broken), [[image.digest, "ServerError"]])
      assert.isUndefined(Usage.tagSizes(Usage.measure(broken), 0))
    })
  )
})

describe("F113 an entry of an index", () => {
  const sbom = "application/vnd.example.sbom.v1+json"

  it.effect("that is no manifest counts as the blob that it is", () =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer("a", 500)] })
      const xml = yield* Images.blobOf(new TextEncoder().encode("<xml/>"), "application/xml")
      const text = yield* Images.blobOf(json({ bom: 1 }), sbom)
      const untyped = yield* Images.blobOf(json({ bom: 2 }), "")
      const wrong = yield* Images.blobOf(json({ bom: 3 }), "")
      const index = yield* indexOf(
        [
          [MediaType.ociManifest, image],
          ["application/xml", xml],
          [sbom, text],
          [undefined, untyped],
          [MediaType.ociManifest, wrong]
        ],
        { children: [image], blobs: [xml, text, untyped, wrong] }
      )
      const repositories = [repository("a", { one: index })]
      for (const reason of [
        new Registry.NotFound({ detail: "no manifest" }),
        new Registry.Malformed({ detail: "400" }),
        new Registry.ServerError({ detail: "500" })
      ]) {
        const { counts, layer } = counting({
          repositories,
          before: (operation, target) =>
            operation === "manifest" && [text, untyped].some(({ digest }) => target === `a@${digest}`)
              ? Effect.fail(reason)
              : Effect.void
        })
        const inventory = yield* Crawl.crawl().pipe(Effect.provide(layer))
        assert.deepStrictEqual(gaps(inventory), [])
        assert.strictEqual(total(inventory), length(index, image, ...image.blobs, xml, text, untyped, wrong))
        assert.deepStrictEqual([counts.manifest, counts.blobSize], [5, 4])
        const roles = TagContents.blobsOf(Usage.measure(inventory), 0, 0).map(({ digest, role }) => [digest, role])
        assert.deepInclude(roles, [xml.digest, "layer"])
        assert.deepInclude(roles, [image.digest, "manifest"])
        const again = counting({ repositories })
        const unchanged = yield* Crawl.crawl({ previous: inventory }).pipe(Effect.provide(again.layer))
        assert.deepStrictEqual(again.counts, { repositories: 1, tags: 1, resolve: 1 })
        assert.strictEqual(total(unchanged), total(inventory))
      }
    })
  )

  it.effect("may be a manifest of any type, which is asked for with it", () =>
    Effect.gen(function* () {
      const blob = yield* Images.layer("a", 500)
      for (const mediaType of [sbom, "application/vnd.example.manifest", MediaType.ociArtifact]) {
        const artifact = yield* Images.manifestOf(
          mediaType,
          { mediaType, blobs: [{ mediaType: "text/plain", digest: blob.digest, size: 500 }] },
          { blobs: [blob] }
        )
        const index = yield* indexOf([[mediaType, artifact]], { children: [artifact] })
        const registry = RegistryMemory.make({ repositories: [repository("a", { one: index })] })
        const accepted: Array<string | undefined> = []
        const inventory = yield* Crawl.crawl().pipe(
          Effect.provideService(Registry.Registry, {
            ...registry,
            manifest: (name, reference, type) => {
              accepted.push(type)
              return registry.manifest(name, reference, type)
            }
          })
        )
        assert.deepStrictEqual(accepted, [undefined, mediaType])
        assert.deepStrictEqual(gaps(inventory), [])
        assert.strictEqual(total(inventory), length(index, artifact, blob))
      }
    })
  )

  it.effect("that the registry does not have takes no disk only if its type is always given", () =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer("a", 500)] })
      for (const mediaType of [...MediaType.manifests, MediaType.dockerSchema1]) {
        const index = yield* indexOf([[mediaType, image]], {})
        const inventory = yield* crawled({ repositories: [repository("a", { one: index })] })
        assert.deepStrictEqual(gaps(inventory), [])
        assert.strictEqual(total(inventory), length(index), mediaType)
      }
      for (const mediaType of [sbom, "application/xml", "", undefined, "no type"]) {
        const index = yield* indexOf([[mediaType, image]], {})
        const options = { repositories: [repository("a", { one: index })] }
        const inventory = yield* crawled(options)
        for (const unknown of [inventory, yield* crawled(options, { previous: inventory })]) {
          assert.deepStrictEqual(gaps(unknown), [[image.digest, "NotFound"]], mediaType)
          assert.isUndefined(Usage.tagSizes(Usage.measure(unknown), 0))
        }
      }
    })
  )

  it.effect("that was absent costs one request later, and counts once it is there", () =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer("a", 500)] })
      const index = yield* indexOf([[MediaType.ociManifest, image]], {})
      const options = { repositories: [repository("a", { one: index })] }
      const cold = yield* crawled(options)
      const { counts, layer } = counting(options)
      const previous = yield* Crawl.crawl({ previous: cold }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(counts, { repositories: 1, tags: 1, resolve: 1, manifest: 1 })
      const pushed = yield* crawled(
        { repositories: [repository("a", { one: { ...index, children: [image] } })] },
        { previous }
      )
      assert.strictEqual(total(pushed), length(index, image, ...image.blobs))
    })
  )

  it.effect("of a manifest's type is a gap where the registry fails to read it, unless its bytes are none", () =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer("a", 500)] })
      const manifestBlob = yield* Images.blobOf(image.body, "")
      const bytes = yield* Images.layer("b", 700)
      const large = yield* Images.layer("c", 4 * 1024 * 1024 + 1)
      for (const [entry, isBlob] of [
        [manifestBlob, false],
        [bytes, true],
        [large, true]
      ] as const) {
        const index = yield* indexOf([[MediaType.ociManifest, entry]], { blobs: [entry] })
        const inventory = yield* crawled({
          repositories: [repository("a", { one: index })],
          before: failing("manifest", entry.digest, new Registry.ServerError({ detail: "500" }))
        })
        assert.deepStrictEqual(gaps(inventory), isBlob ? [] : [[entry.digest, "ServerError"]])
        assert.strictEqual(total(inventory), isBlob ? length(index, entry) : undefined)
      }
    })
  )

  it.effect("is a gap where nothing is known of it", () =>
    Effect.gen(function* () {
      const blob = yield* Images.blobOf(json({ bom: 1 }), sbom)
      const index = yield* indexOf([[sbom, blob]], { blobs: [blob] })
      const repositories = [repository("a", { one: index })]
      for (const [operation, reason] of [
        ["manifest", new Registry.Unreachable({ detail: "time-out" })],
        ["manifest", new Registry.Denied({ detail: "403" })],
        ["blobSize", new Registry.ServerError({ detail: "500" })]
      ] as const) {
        const inventory = yield* crawled({ repositories, before: failing(operation, blob.digest, reason) })
        assert.deepStrictEqual(gaps(inventory), [[blob.digest, operation === "manifest" ? reason._tag : "NotFound"]])
        assert.isUndefined(Usage.tagSizes(Usage.measure(inventory), 0))
      }
    })
  )

  it.effect("is asked for anew where an inventory of an earlier release does not know its type", () =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer("a", 500)] })
      for (const [mediaType, reasons] of [
        [MediaType.ociManifest, []],
        [sbom, ["NotFound"]]
      ] as const) {
        const index = yield* indexOf([[mediaType, image]], {})
        const options = { repositories: [repository("a", { one: index })] }
        const { manifests, ...rest } = yield* crawled(options)
        const earlier = {
          ...rest,
          gaps: [],
          manifests: {
            ...manifests,
            states: manifests.states.map((state) => (state === Inventory.State.read ? state : Inventory.State.absent)),
            mediaTypes: manifests.mediaTypes.map((type, m) => (manifests.states[m] === Inventory.State.read ? type : 0))
          }
        }
        const inventory = yield* crawled(options, { previous: earlier })
        assert.deepStrictEqual(
          inventory.gaps.map(({ reason }) => reason),
          [...reasons]
        )
      }
    })
  )
})

describe("sizes that a manifest does not state", () => {
  it.effect("are those of the stored blobs", () =>
    Effect.gen(function* () {
      const [config, layer] = [yield* Images.layer("config", 300), yield* Images.layer("layer", 700)]
      for (const size of [undefined, -1, 0.5, "700", null]) {
        const image = yield* Images.manifestOf(
          MediaType.ociManifest,
          { config: { digest: config.digest, size }, layers: [{ digest: layer.digest, size }] },
          { blobs: [config, layer] }
        )
        const inventory = yield* crawled({ repositories: [repository("a", { one: image })] })
        assert.deepStrictEqual(gaps(inventory), [])
        assert.strictEqual(total(inventory), length(image, config, layer))
      }
    })
  )
})
