/**
 * The contents of a tag: its manifest and every blob that it reaches, with the tags that share the blob.
 *
 * @since 0.1.0
 */
import * as Bytes from "../registry/Bytes.ts"
import type { Digest } from "../registry/Digest.ts"
import { sharing } from "./Sharing.ts"
import { manifestDigest, Role, State } from "../inventory/Inventory.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import { type Usage, tagBlobs } from "./Usage.ts"

/**
 * What a blob is to a tag. An `index` lists manifests; an `attestation` is a manifest that says something of another.
 *
 * @category models
 * @since 0.1.0
 */
export type BlobRole = "manifest" | "index" | "attestation" | "config" | "layer"

/**
 * A tag, by its names.
 *
 * @category models
 * @since 0.1.0
 */
export interface TagReference {
  readonly image: RepositoryName
  readonly tag: TagName
}

/**
 * A blob of a tag. `tags` is the number of tags that reach it, `owner` the one that is charged with it, `owned` whether
 * that is this tag, `sharedWith` the first others. `mediaType` is known of manifests.
 *
 * @category models
 * @since 0.1.0
 */
export interface TagBlob {
  readonly digest: Digest
  readonly size: Bytes.Bytes
  readonly role: BlobRole
  readonly mediaType: string | undefined
  readonly tags: number
  readonly owner: TagReference | undefined
  readonly owned: boolean
  readonly sharedWith: ReadonlyArray<TagReference>
}

/**
 * The manifest that a tag names. `layers` counts the layers as its manifests list them, repetitions included.
 *
 * @category models
 * @since 0.1.0
 */
export interface TagManifest {
  readonly digest: Digest
  readonly mediaType: string | undefined
  readonly layers: number
}

const repositoryOfTag = ({ tagStarts }: Usage, tag: number): number => {
  let [low, high] = [0, tagStarts.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (tagStarts[middle + 1]! <= tag) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The names of tag number `tag`.
 *
 * @category getters
 * @since 0.1.0
 */
export const referenceOf = (usage: Usage, tag: number): TagReference => {
  const r = repositoryOfTag(usage, tag)
  const { name, tagNames } = usage.inventory.repositories[r]!
  return { image: name, tag: tagNames[tag - usage.tagStarts[r]!]! }
}

const manifestOf = ({ inventory, tagStarts }: Usage, r: number, tag: number): number =>
  inventory.repositories[r]!.tagManifests[tag - tagStarts[r]!]!

const mediaTypeOf = ({ inventory: { manifests } }: Usage, manifest: number): string | undefined =>
  manifests.states[manifest] === State.read
    ? manifests.mediaTypeNames[manifests.mediaTypes[manifest]!] || undefined
    : undefined

/**
 * The manifest of tag number `tag`, in repository `r`, or `undefined` where it is not known.
 *
 * @category getters
 * @since 0.1.0
 */
export const tagManifest = (usage: Usage, r: number, tag: number): TagManifest | undefined => {
  const manifest = manifestOf(usage, r, tag)
  if (manifest < 0) return undefined
  return {
    digest: manifestDigest(usage.inventory, manifest),
    mediaType: mediaTypeOf(usage, manifest),
    layers: usage.graphs.layerCounts[usage.graphs.tagGraphs[tag]!]!
  }
}

/** Blob → what it is to the tag. A blob that is several things is the first of them. */
const rolesOf = (usage: Usage, root: number) => {
  const { manifests } = usage.inventory
  const roles = new Map<number, { readonly role: BlobRole; readonly mediaType: string | undefined }>()
  const met = new Set<number>()
  const pending = [{ manifest: root, attestation: false }]
  // The list grows while it is read.
  for (const { attestation, manifest } of pending) {
    if (met.has(manifest) || manifests.states[manifest] !== State.read) continue
    met.add(manifest)
    const [firstChild, endOfChildren] = [manifests.childStarts[manifest]!, manifests.childStarts[manifest + 1]!]
    const role = attestation ? "attestation" : endOfChildren > firstChild ? "index" : "manifest"
    const add = (blob: number, role: BlobRole, mediaType?: string) => {
      if (!roles.has(blob)) roles.set(blob, { role, mediaType })
    }
    add(manifests.blobs[manifest]!, role, mediaTypeOf(usage, manifest))
    for (let at = manifests.referenceStarts[manifest]!; at < manifests.referenceStarts[manifest + 1]!; at++) {
      add(manifests.references[at]!, manifests.roles[at] === Role.config ? "config" : "layer")
    }
    for (let at = firstChild; at < endOfChildren; at++) {
      pending.push({ manifest: manifests.children[at]!, attestation: manifests.attestations[at] === 1 })
    }
  }
  return roles
}

/**
 * The blobs that a tag reaches and that are counted, each once, the manifest first. `sharedWith` names at most
 * `limit` other tags.
 *
 * @category getters
 * @since 0.1.0
 */
export const blobsOf = (usage: Usage, r: number, tag: number, limit = 10): ReadonlyArray<TagBlob> => {
  const manifest = manifestOf(usage, r, tag)
  if (manifest < 0) return []
  const { blobs } = usage.inventory
  const counted = new Set(tagBlobs(usage, tag))
  return [...rolesOf(usage, manifest)]
    .filter(([blob]) => counted.has(blob))
    .map(([blob, { mediaType, role }]) => {
      const owner = usage.owners[blob]!
      return {
        digest: blobs.digests[blob]!,
        size: Bytes.make(blobs.sizes[blob]!),
        role,
        mediaType,
        tags: usage.graphs.tagCounts[blob]!,
        owner: owner < 0 ? undefined : referenceOf(usage, owner),
        owned: owner === tag,
        sharedWith: sharing(usage)
          .tagsOf(blob, limit + 1)
          .filter((other) => other !== tag)
          .slice(0, limit)
          .map((other) => referenceOf(usage, other))
      }
    })
}
