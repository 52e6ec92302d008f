/** Hourly snapshots of a registry: between two snapshots, some tags are pushed again. */
import { hash } from "node:crypto"
import { Bytes, type Digest, Inventory, type Snapshot, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Effect } from "effect"
import * as GeneratedRegistry from "./GeneratedRegistry.ts"

export interface Options {
  readonly repositories: number
  readonly tagsPerRepository: number
  /** Tags that are pushed again between two snapshots. */
  readonly changes: number
}

/** A hash, because the digests of a real registry cannot be compressed. */
const digestOf = (number: number): Digest.Digest => `sha256:${hash("sha256", String(number), "hex")}` as Digest.Digest

const layerSize = (number: number) => Bytes.make(200_000 + ((number * 7919) % 5_000_000))

/**
 * The snapshots, an hour apart. An image has ten layers, of which the images of a repository share five. An image that
 * is pushed again has a new manifest, a new config and a new last layer. All tags are pushed in turn, in an order that
 * looks random.
 */
export const make = Effect.fnUntraced(function* ({ changes, repositories, tagsPerRepository }: Options) {
  const tags = repositories * tagsPerRepository
  const first = yield* GeneratedRegistry.crawl(
    { repositories, tagsPerRepository, manifests: tags, manifestsPerBase: tagsPerRepository, layersPerManifest: 10 },
    true
  )
  const { blobs, references, referenceStarts, roles } = first.manifests
  const digests = first.blobs.digests.map((_, blob) => digestOf(blob))
  const sizes = first.blobs.sizes.slice()
  references.forEach((blob, at) => {
    if (roles[at] === Inventory.Role.layer) sizes[blob] = layerSize(blob)
  })
  let inventory: Inventory.Inventory = { ...first, blobs: { ...first.blobs, digests, sizes } }
  let next = digests.length
  let hour = 0

  /** New blobs take the places of the manifest, the config and the last layer of some tags. */
  const push = () => {
    const [digests, sizes] = [inventory.blobs.digests.slice(), inventory.blobs.sizes.slice()]
    for (let i = 0; i < changes; i++) {
      const tag = ((hour * changes + i) * 7919) % tags
      const manifest = first.repositories[Math.floor(tag / tagsPerRepository)]!.tagManifests[tag % tagsPerRepository]!
      const config = references[referenceStarts[manifest]!]!
      const last = references[referenceStarts[manifest + 1]! - 1]!
      for (const blob of [blobs[manifest]!, config, last]) digests[blob] = digestOf(next++)
      sizes[last] = layerSize(next)
    }
    inventory = { ...inventory, blobs: { ...first.blobs, digests, sizes } }
  }

  /** The next snapshot. */
  return (): Snapshot.Snapshot => {
    if (hour > 0) push()
    const takenAt = DateTime.makeUnsafe(Date.UTC(2026, 0, 1) + hour++ * 3_600_000)
    return { takenAt, duration: 1000, stale: false, usage: Usage.measure(inventory) }
  }
})
