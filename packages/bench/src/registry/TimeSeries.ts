/**
 * A registry as it goes on from hour to hour: most of it stays, and some tags are pushed anew.
 */
import { hash } from "node:crypto"
import {
  Bytes,
  type Digest,
  Inventory,
  InventoryBuilder,
  MediaType,
  type Names,
  type Snapshot,
  Usage
} from "@gitlab-registry-usage/core"
import { DateTime } from "effect"

export interface Options {
  readonly repositories: number
  readonly tagsPerRepository: number
  /** Tags that are pushed anew from one snapshot to the next. */
  readonly changes: number
}

const digestOf = (kind: string, number: number): Digest.Digest =>
  `sha256:${hash("sha256", `${kind} ${number}`, "hex")}` as Digest.Digest

const layerCount = 10

const layer = (number: number) => ({
  digest: digestOf("layer", number),
  size: Bytes.make(200_000 + ((Math.abs(number) * 7919) % 5_000_000)),
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  foreign: false
})

/**
 * The snapshots, an hour apart. An image has ten layers, of which a repository's images share five; one that is pushed
 * anew has a new config and a new last layer. Which tags are pushed goes through all of them, in an order that looks
 * like chance.
 */
export const make = ({ changes, repositories, tagsPerRepository }: Options) => {
  const tags = repositories * tagsPerRepository
  const names = Array.from(
    { length: repositories },
    (_, r) => `group-${r % 17}/project-${r}/image` as Names.RepositoryName
  ).toSorted()
  const tagNames = Array.from({ length: tagsPerRepository }, (_, t) => `1.0.${t}` as Names.TagName).toSorted()
  let nextLayer = repositories * 5
  let nextImage = 0
  let inventory: Inventory.Inventory | undefined
  let hour = 0

  const read = (builder: InventoryBuilder.InventoryBuilder, tag: number): number => {
    const r = Math.floor(tag / tagsPerRepository)
    const image = nextImage++
    const manifest = builder.manifest(digestOf("manifest", image))
    const layers = [
      ...Array.from({ length: 5 }, (_, i) => layer(r * 5 + i)),
      ...Array.from({ length: layerCount - 6 }, (_, i) => layer(-1 - tag * 5 - i)),
      layer(nextLayer++)
    ]
    builder.read(manifest, {
      manifest: {
        mediaType: MediaType.ociManifest,
        children: [],
        config: {
          digest: digestOf("config", image),
          size: Bytes.make(7000 + (image % 1000)),
          mediaType: "application/vnd.oci.image.config.v1+json"
        },
        layers,
        artifactType: undefined,
        subject: undefined
      },
      size: 2500,
      layerSizes: layers.map(({ size }) => size)
    })
    return manifest
  }

  const first = (): Inventory.Inventory => {
    const builder = InventoryBuilder.make()
    return builder.build(
      names.map((name, r) => ({
        name,
        tagNames,
        tagManifests: Int32Array.from(tagNames, (_, t) => read(builder, r * tagsPerRepository + t)),
        unreadable: false,
        stale: false
      }))
    )
  }

  /** The manifest, the config and the last layer of some tags give way to new ones, which take their places. */
  const pushed = (before: Inventory.Inventory): Inventory.Inventory => {
    const digests = before.blobs.digests.slice()
    const sizes = before.blobs.sizes.slice()
    const { blobs, references, referenceStarts, roles } = before.manifests
    for (let i = 0; i < changes; i++) {
      const tag = ((hour * changes + i) * 7919) % tags
      const manifest = before.repositories[Math.floor(tag / tagsPerRepository)]!.tagManifests[tag % tagsPerRepository]!
      const image = nextImage++
      digests[blobs[manifest]!] = digestOf("manifest", image)
      let last = -1
      for (let at = referenceStarts[manifest]!; at < referenceStarts[manifest + 1]!; at++) {
        if (roles[at] === Inventory.Role.config) digests[references[at]!] = digestOf("config", image)
        else last = references[at]!
      }
      const { digest, size } = layer(nextLayer++)
      digests[last] = digest
      sizes[last] = size
    }
    return { ...before, blobs: { digests, sizes } }
  }

  /** The next snapshot. */
  const next = (): Snapshot.Snapshot => {
    inventory = inventory === undefined ? first() : pushed(inventory)
    const takenAt = DateTime.makeUnsafe(Date.UTC(2026, 0, 1) + hour++ * 3_600_000)
    return { takenAt, duration: 1000, stale: false, usage: Usage.measure(inventory) }
  }

  return { next }
}
