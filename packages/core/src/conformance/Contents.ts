/**
 * What an inventory says, whatever its blobs and manifests are numbered by.
 *
 * @since 0.1.0
 */
import type { Gap, Inventory } from "../inventory/Inventory.ts"
import { manifestDigest, SizeSource } from "../inventory/Inventory.ts"

/**
 * An inventory, with digests in place of numbers: two of them say the same where these are equal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Contents {
  /** The size of each, and whether it was measured. */
  readonly blobs: Readonly<Record<string, readonly [size: number, isMeasured: boolean]>>
  readonly manifests: Readonly<Record<string, unknown>>
  readonly repositories: ReadonlyArray<unknown>
  readonly gaps: ReadonlyArray<string>
}

const gapText = ({ blob, detail, digest, kept, reason, repository, tag }: Gap) =>
  JSON.stringify([repository, tag, digest, blob, reason, detail, kept])

/**
 * Describes an inventory: the order of repositories and of tags counts, as do layers and children as they are listed; gaps
 * have none.
 *
 * @category getters
 * @since 0.1.0
 */
export const contentsOf = (inventory: Inventory): Contents => {
  const { blobs, gaps, manifests, repositories } = inventory
  const range = <A>(starts: Uint32Array, manifest: number, each: (at: number) => A) =>
    Array.from({ length: starts[manifest + 1]! - starts[manifest]! }, (_, i) => each(starts[manifest]! + i))
  return {
    blobs: Object.fromEntries(
      blobs.digests.map((digest, blob) => [
        digest,
        [blobs.sizes[blob]!, blobs.sources[blob] === SizeSource.measured] as const
      ])
    ),
    manifests: Object.fromEntries(
      Array.from(manifests.blobs, (_, m) => [
        manifestDigest(inventory, m),
        {
          state: manifests.states[m],
          mediaType: manifests.mediaTypeNames[manifests.mediaTypes[m]!],
          references: range(manifests.referenceStarts, m, (at) => [
            blobs.digests[manifests.references[at]!],
            manifests.roles[at]
          ]),
          children: range(manifests.childStarts, m, (at) => [
            manifestDigest(inventory, manifests.children[at]!),
            manifests.attestations[at]
          ])
        }
      ])
    ),
    repositories: repositories.map(({ name, stale, tagManifests, tagNames, unreadable }) => ({
      name,
      stale,
      unreadable,
      tags: tagNames.map((tag, i) => [tag, tagManifests[i]! < 0 ? null : manifestDigest(inventory, tagManifests[i]!)])
    })),
    gaps: gaps.map(gapText).sort()
  }
}
