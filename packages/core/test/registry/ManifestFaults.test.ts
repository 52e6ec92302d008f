/** Manifests of any bytes: decoding ends with a manifest or an error, and a crawl with numbers. */
import { assert, describe, it } from "@effect/vitest"
import { Crawl, Digest, Manifest, Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"

const digest = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
  fc.constantFrom(
    `sha256:${"a".repeat(64)}`,
    `sha256:${"b".repeat(64)}`,
    "sha256:short",
    "../../etc/passwd",
    "",
    "sha256:"
  ),
  fc.anything({ maxDepth: 1 })
)
const size = fc.oneof(
  fc.nat(),
  fc.constantFrom(-1, 2 ** 53, 2 ** 53 - 1, 1e308, 0.5, "12", null, true, [], -0, Number.MIN_VALUE),
  fc.double()
)
const mediaType = fc.constantFrom(
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  "application/vnd.buildkit.cacheconfig.v0",
  "application/vnd.oci.image.layer.v1.tar+gzip",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  "text/html",
  ""
)
const text = fc.oneof(fc.string(), mediaType, fc.constant(null), fc.integer())
const descriptor = fc.oneof(
  fc.record(
    {
      mediaType: text,
      digest,
      size,
      urls: fc.anything({ maxDepth: 1 }),
      annotations: fc.oneof(fc.dictionary(fc.string(), fc.anything({ maxDepth: 1 })), fc.constant(null)),
      platform: fc.oneof(fc.record({ os: text, architecture: text, variant: text }), fc.constant(null), fc.string())
    },
    { requiredKeys: [] }
  ),
  fc.anything({ maxDepth: 2 })
)
const list = fc.oneof(fc.array(descriptor, { maxLength: 6 }), fc.constant(null), fc.anything({ maxDepth: 1 }))
const manifest = fc
  .record(
    {
      schemaVersion: fc.anything({ maxDepth: 0 }),
      mediaType: text,
      config: descriptor,
      layers: list,
      manifests: list,
      fsLayers: fc.oneof(fc.array(fc.record({ blobSum: digest }), { maxLength: 5 }), list),
      artifactType: text,
      subject: descriptor
    },
    { requiredKeys: [] }
  )
  .map((value) => JSON.stringify(value) ?? "")

/** A manifest as it should be, but for the sizes, which may be as large as a number can be. */
const goodDigest = fc.constantFrom(...["a", "b", "c", "d", "e", "f"].map((hex) => `sha256:${hex.repeat(64)}`))
const goodSize = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 53 - 1))
const good = fc.record(
  { mediaType, digest: goodDigest, size: goodSize, artifactType: fc.string(), platform: fc.record({ os: text }) },
  { requiredKeys: ["digest", "size"] }
)
const goodManifest = fc
  .oneof(
    fc.record({ config: good, layers: fc.array(good, { maxLength: 6 }), subject: good }, { requiredKeys: ["layers"] }),
    fc.record({ manifests: fc.array(good, { maxLength: 6 }), subject: good }, { requiredKeys: ["manifests"] }),
    fc.record({ fsLayers: fc.array(fc.record({ blobSum: goodDigest }), { maxLength: 4 }) })
  )
  .map((value) => JSON.stringify(value))

/** Text that is nearly a manifest: cut off, or with a character exchanged. */
const spoilt = fc.tuple(manifest, fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, other]) => {
  const place = text.length === 0 ? 0 : at % text.length
  return text.slice(0, place) + other + (at % 2 === 0 ? "" : text.slice(place + 1))
})

const body = fc.oneof(
  { weight: 4, arbitrary: goodManifest.map((text) => new TextEncoder().encode(text)) },
  manifest.map((text) => new TextEncoder().encode(text)),
  spoilt.map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => new TextEncoder().encode(text))
)

const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0

describe("manifests of any bytes (properties)", () => {
  it("F74 F75 decoding ends with sizes that are sizes and digests that are digests, or with an error", () => {
    let decoded = 0
    fc.assert(
      fc.property(body, mediaType, (bytes, type) => {
        const result = Manifest.decode(bytes, type)
        if (result._tag === "Failure") {
          assert.strictEqual(result.failure._tag, "ManifestError")
          return
        }
        decoded++
        const { children, config, layers, subject } = result.success
        for (const { digest, size } of layers)
          assert.isTrue(Digest.isDigest(digest) && (size === undefined || isSize(size)))
        for (const { digest } of children) assert.isTrue(Digest.isDigest(digest))
        if (config !== undefined) {
          assert.isTrue(Digest.isDigest(config.digest) && (config.size === undefined || isSize(config.size)))
        }
        if (subject !== undefined) assert.isTrue(Digest.isDigest(subject))
      }),
      { numRuns: 3000 }
    )
    // Otherwise the property would say nothing.
    assert.isAbove(decoded, 100)
  })

  it.effect(
    "F74 F76 a crawl of any manifests ends after bounded work, and its totals are numbers",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.tuple(body, mediaType), { minLength: 1, maxLength: 6 }), async (bodies) => {
            const stored = await Promise.all(
              bodies.map(async ([body, mediaType]) => ({
                body,
                mediaType,
                digest: await Effect.runPromise(Images.digestOf(body))
              }))
            )
            let requests = 0
            const error = (reason: Registry.RegistryReason) =>
              new Registry.RegistryError({ operation: "manifest", target: "x", reason })
            // Whatever digest is asked for that is not there leads to another of the manifests: a graph of any shape.
            const registry = Registry.Registry.of({
              repositories: Stream.make(Names.RepositoryName.make("a/b"), Names.RepositoryName.make("c")),
              tags: () => Stream.fromIterable(stored.map((_, i) => ({ name: Names.TagName.make(`t${i}`) }))),
              resolve: (_, tag) => Effect.succeed(stored[Number(tag.slice(1))]!.digest),
              manifest: (_, reference) => {
                requests++
                if (/^t\d+$/.test(reference)) return Effect.succeed(stored[Number(reference.slice(1))]!)
                const next = stored[requests % stored.length]!
                return Effect.succeed({ ...next, digest: reference as Digest.Digest })
              },
              blob: () => Effect.fail(error(new Registry.NotFound({ detail: "none" }))),
              blobSize: () => Effect.fail(error(new Registry.NotFound({ detail: "none" }))),
              deleteManifest: () => Effect.void
            })
            const inventory = await Effect.runPromise(
              Crawl.crawl().pipe(Effect.provideService(Registry.Registry, registry))
            )
            // Six manifests of six entries each, to a depth of 32, each digest once.
            assert.isBelow(requests, 2000)
            for (const accounting of ["all", "layers"] as const) {
              const usage = Usage.measure(inventory, { accounting })
              const total = Usage.total(usage)
              if (total === undefined) assert.isNotEmpty(inventory.gaps)
              else for (const size of [total.size, total.diskSize]) assert.isTrue(isSize(size), String(size))
            }
          }),
          { numRuns: 300 }
        )
      ),
    60_000
  )

  it("F74 nesting that is deeper than a stack is an error", () => {
    for (const deep of [
      "[".repeat(1_000_000),
      '{"a":'.repeat(200_000),
      `{"layers":${"[".repeat(100_000)}${"]".repeat(100_000)}}`
    ]) {
      const result = Manifest.decode(new TextEncoder().encode(deep), "")
      assert.strictEqual(result._tag, "Failure")
    }
  })
})
