import { assert, describe, it } from "@effect/vitest"
import { Digest, InventoryBuilder } from "@gitlab-registry-usage/core"

/** Digests that differ only at their ends, as those that somebody chose might. */
const digest = (number: number) => Digest.Digest.make(`sha256:${number.toString(16).padStart(64, "0")}`)

describe("InventoryBuilder", () => {
  it("keeps many digests apart and finds each again", () => {
    const builder = InventoryBuilder.make()
    const numbers = Array.from({ length: 10_000 }, (_, i) => builder.manifest(digest(i)))
    assert.deepStrictEqual(numbers, Array.from(numbers.keys()))
    for (const number of numbers) {
      assert.strictEqual(builder.manifest(digest(number)), number)
      assert.strictEqual(builder.digest(number), digest(number))
    }
    assert.strictEqual(builder.manifest(Digest.Digest.make("other:10")), 10_000)
  })

  it("keeps what each manifest refers to, whatever the order in which they were read", () => {
    const builder = InventoryBuilder.make()
    const layer = (number: number) => ({
      digest: digest(100 + number),
      size: undefined,
      mediaType: "",
      foreign: number === 2
    })
    const child = { digest: digest(3), mediaType: "", attestation: true, platform: undefined }
    const manifest = { mediaType: "m", config: undefined, artifactType: undefined, subject: undefined }
    for (const number of [0, 1, 2]) builder.manifest(digest(number))
    const read = (number: number, layers: ReadonlyArray<number>) =>
      builder.read(number, {
        manifest: { ...manifest, layers: layers.map(layer), children: number === 2 ? [child] : [] },
        size: 10,
        configSize: 0,
        layerSizes: layers
      })
    assert.deepStrictEqual(read(2, [1, 2, 3]), [3])
    assert.deepStrictEqual(read(0, [4]), [])
    const { blobs, manifests } = builder.build([])
    assert.deepStrictEqual([...manifests.states], [1, 0, 1, 0])
    assert.deepStrictEqual([...manifests.referenceStarts], [0, 1, 1, 4, 4])
    assert.deepStrictEqual(
      Array.from(manifests.references, (blob) => blobs.digests[blob]),
      [4, 1, 2, 3].map((number) => digest(100 + number))
    )
    assert.deepStrictEqual([...manifests.roles], [1, 1, 2, 1])
    assert.deepStrictEqual([...manifests.childStarts], [0, 0, 0, 1, 1])
    assert.deepStrictEqual([...manifests.children], [3])
    assert.deepStrictEqual([...manifests.attestations], [1])
    assert.deepStrictEqual(builder.build([]).blobs.digests, [])
  })
})
