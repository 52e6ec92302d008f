import { assert, describe, it } from "@effect/vitest"
import { Manifest, MediaType } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import * as fc from "fast-check"

const hex = (character: string): string => `sha256:${character.repeat(64)}`
const bytes = (json: unknown) => new TextEncoder().encode(JSON.stringify(json))
const decoded = (json: unknown, mediaType = "") => Result.getOrThrow(Manifest.decode(bytes(json), mediaType))
const detail = (json: unknown) => Result.getOrThrow(Result.flip(Manifest.decode(bytes(json), ""))).detail

const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: hex("c"), size: 20 }
const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: hex("1"), size: 1000 }
const image = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers: [layer] }
const child = { mediaType: MediaType.ociManifest, digest: hex("2"), size: 400 }
const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [child] }

/** What counts: everything that refers to bytes, with its size. */
const figures = ({ children, config, layers }: Manifest.Manifest): Readonly<Record<string, unknown>> => ({
  children: children.map(({ digest, mediaType }) => [digest, mediaType]),
  config: config && [config.digest, config.size],
  layers: layers.map(({ digest, foreign, size }) => [digest, size, foreign])
})

describe("Manifest.decode", () => {
  it("foreign are the four types that the specifications name", () => {
    const isForeign = (mediaType: string) => decoded({ ...image, layers: [{ ...layer, mediaType }] }).layers[0]!.foreign
    for (const mediaType of [
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      "application/vnd.oci.image.layer.nondistributable.v1.tar",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
      "Application/vnd.OCI.image.layer.nondistributable.v1.tar; x=y"
    ]) {
      assert.isTrue(isForeign(mediaType), mediaType)
    }
    for (const mediaType of [
      "application/vnd.bank.foreign.rates.v1+csv",
      "application/vnd.example.nondistributable.v1",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+xz",
      "application/vnd.oci.image.layer.v1.tar"
    ]) {
      assert.isFalse(isForeign(mediaType), mediaType)
    }
  })

  it("the blobs of an artifact count as layers", () => {
    for (const mediaType of [MediaType.ociArtifact, MediaType.orasArtifact]) {
      const artifact = { mediaType, artifactType: "application/vnd.example", blobs: [layer], subject: child }
      const manifest = decoded(artifact, mediaType)
      assert.deepStrictEqual(figures(manifest).layers, [[layer.digest, 1000, false]])
      assert.deepStrictEqual(
        [manifest.mediaType, manifest.artifactType, manifest.subject],
        [mediaType, "application/vnd.example", child.digest]
      )
      for (const blobs of [{ blobs: null }, { blobs: [] }, {}]) {
        assert.deepStrictEqual(decoded({ mediaType, artifactType: "x/y", ...blobs }).layers, [])
      }
    }
  })

  it("schema 1 is recognised by its content", () => {
    const schema1 = { schemaVersion: 1, fsLayers: [{ blobSum: hex("1") }], history: [] }
    for (const mediaType of ["text/plain", "application/json", MediaType.dockerManifest]) {
      assert.deepStrictEqual(figures(decoded(schema1, mediaType)).layers, [[hex("1"), undefined, false]])
    }
    assert.strictEqual(decoded(schema1, "text/plain; charset=utf-8").mediaType, MediaType.dockerSchema1)
    assert.strictEqual(decoded(schema1, MediaType.dockerSchema1Signed).mediaType, MediaType.dockerSchema1Signed)
  })

  it("names a media type of its own where neither the answer nor the manifest states one", () => {
    const { mediaType: _, ...untyped } = image
    for (const answered of ["", "text/html", "application/octet-stream"]) {
      assert.strictEqual(decoded(untyped, answered).mediaType, MediaType.ociManifest)
      assert.strictEqual(decoded({ manifests: [child] }, answered).mediaType, MediaType.ociIndex)
      assert.strictEqual(
        decoded({ ...image, mediaType: MediaType.dockerManifest }, answered).mediaType,
        MediaType.dockerManifest
      )
    }
    assert.strictEqual(decoded(untyped, "application/vnd.example.v1+json").mediaType, "application/vnd.example.v1+json")
  })

  it("a size that is none is undefined, and no other descriptor is affected", () => {
    for (const size of [undefined, null, -1, 1.5, 2 ** 53, "1000", true, [], {}]) {
      const broken = { ...layer, size }
      const { config: found, layers } = decoded({ ...image, config: { ...config, size }, layers: [broken, layer] })
      assert.isUndefined(found?.size)
      assert.deepStrictEqual(
        layers.map(({ size }): number | undefined => size),
        [undefined, 1000]
      )
      assert.deepStrictEqual(figures(decoded({ ...index, manifests: [{ ...child, size }] })), figures(decoded(index)))
    }
  })

  it("what refers to bytes has to have a digest", () => {
    for (const descriptor of [
      null,
      "text",
      {},
      { size: 1 },
      { ...layer, digest: "" },
      { ...layer, digest: "sha256:x" }
    ]) {
      assert.include(detail({ ...image, layers: [descriptor] }), "layers", JSON.stringify(descriptor))
      assert.include(detail({ ...index, manifests: [descriptor] }), "manifests", JSON.stringify(descriptor))
      assert.include(detail({ blobs: [descriptor] }), "layers", JSON.stringify(descriptor))
    }
    for (const config of ["text", 1, { size: 5 }, { digest: "x", size: 0 }, { ...layer, digest: null }]) {
      assert.include(detail({ ...image, config }), "config", JSON.stringify(config))
    }
    assert.include(detail({ layers: {} }), "layers")
  })

  it("a config that is not set is none", () => {
    for (const config of [null, {}, [], "", { mediaType: "", digest: "", size: 0 }]) {
      assert.isUndefined(decoded({ ...image, config }).config)
      assert.deepStrictEqual(figures(decoded({ ...index, config })), figures(decoded(index)))
    }
  })

  it("more than one kind of content is refused, and empty fields are none", () => {
    assert.strictEqual(detail({ ...image, manifests: [child] }), "ambiguous: it has layers and manifests")
    assert.strictEqual(detail({ ...index, config }), "ambiguous: it has manifests and config")
    assert.strictEqual(detail({ blobs: [layer], config }), "ambiguous: it has blobs and config")
    assert.include(detail({ ...image, fsLayers: [{ blobSum: hex("1") }] }), "ambiguous")
    assert.include(detail({ schemaVersion: 2 }), "neither")
    assert.deepStrictEqual(figures(decoded({ ...index, config: { note: 1 } })), figures(decoded(index)))
    assert.deepStrictEqual(figures(decoded({ manifests: [], config, layers: [] })).config, [config.digest, 20])
  })

  it("a field that is there in another spelling as well is refused, because registries may read that one", () => {
    const big = { ...layer, digest: hex("b"), size: 50_000_000 }
    for (const other of [
      { layers: [], Layers: [big] },
      { layerS: [big] },
      { "layer\u017f": [big] },
      { Config: big },
      { layers: [{ ...layer, Digest: big.digest }] },
      { config: { ...config, DIGEST: big.digest } }
    ]) {
      assert.include(detail({ ...image, ...other }), "ambiguous: some programs read", JSON.stringify(other))
    }
    assert.include(detail({ ...index, Manifests: [child] }), "ambiguous")
    assert.include(detail({ fsLayers: [{ blobSum: hex("1"), blobsum: hex("2") }] }), "ambiguous")
    assert.deepStrictEqual(figures(decoded({ ...image, Annotations: {}, MediaType: "x" })), figures(decoded(image)))
  })

  it("text in another encoding than UTF-8 is read, as far as it is no digest", () => {
    const latin1 = (json: unknown) => new Uint8Array(Buffer.from(JSON.stringify(json), "latin1"))
    const titled = { ...image, annotations: { "org.opencontainers.image.title": "Größe" } }
    assert.deepStrictEqual(figures(Result.getOrThrow(Manifest.decode(latin1(titled), ""))), figures(decoded(image)))
    const broken = { ...image, layers: [{ ...layer, digest: `sha256:${"ä".repeat(64)}` }] }
    assert.isTrue(Result.isFailure(Manifest.decode(latin1(broken), "")))
  })
})

const digest = fc.constantFrom(..."0123456789abcdef").map(hex)
const descriptors = (mediaTypes: ReadonlyArray<string>) =>
  fc.array(fc.record({ mediaType: fc.constantFrom(...mediaTypes), digest, size: fc.nat() }), { maxLength: 5 })
const layers = descriptors([
  "application/vnd.oci.image.layer.v1.tar+gzip",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  "application/octet-stream"
])
const plain: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc
    .record({ config: descriptors(["application/vnd.oci.image.config.v1+json"]), layers })
    .map(({ config, layers }) => ({
      mediaType: MediaType.ociManifest,
      layers,
      ...(config[0] === undefined ? {} : { config: config[0] })
    })),
  layers.map((blobs) => ({ mediaType: MediaType.ociArtifact, blobs })),
  descriptors([MediaType.ociManifest, MediaType.ociIndex, "application/xml", layer.mediaType]).map((manifests) => ({
    mediaType: MediaType.ociIndex,
    manifests
  })),
  fc.array(digest, { maxLength: 4 }).map((blobs) => ({
    schemaVersion: 1,
    fsLayers: blobs.map((blobSum) => ({ blobSum }))
  }))
)
const anything = fc.anything({ maxDepth: 2 })
const unset = fc.constantFrom(null, [], {}, "")
/** Fields that say nothing about bytes, and fields of other kinds of manifests that are not filled. */
const cosmetic = fc.record(
  {
    schemaVersion: anything,
    annotations: anything,
    artifactType: anything,
    subject: anything,
    history: anything,
    signatures: anything,
    config: fc.oneof(unset, fc.constant({ mediaType: "", digest: "", size: 0 })),
    layers: unset,
    blobs: unset,
    manifests: unset,
    fsLayers: unset
  },
  { requiredKeys: [] }
)
const cosmeticOfDescriptors = fc.record(
  { annotations: anything, platform: anything, urls: anything, artifactType: anything, data: anything },
  { requiredKeys: [] }
)

describe("Manifest.decode (properties)", () => {
  it("fields that say nothing about bytes change no figure, whatever they hold and in whatever encoding", () => {
    fc.assert(
      fc.property(
        plain,
        cosmetic,
        cosmeticOfDescriptors,
        fc.constantFrom("utf8" as const, "latin1" as const),
        fc.boolean(),
        (json, odd, oddDescriptor, encoding, isFirst) => {
          const merge = (other: object, own: object) => (isFirst ? { ...other, ...own } : { ...own, ...other, ...own })
          const adorned = Object.entries(json).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.map((descriptor: object) => merge(oddDescriptor, descriptor)) : value
          ])
          const text = JSON.stringify(merge(odd, Object.fromEntries(adorned)))
          const body = new Uint8Array(Buffer.from(text, encoding))
          assert.deepStrictEqual(figures(Result.getOrThrow(Manifest.decode(body, ""))), figures(decoded(json)))
        }
      ),
      { numRuns: 500 }
    )
  })
})
