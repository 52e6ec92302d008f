/**
 * What a crawl saw: repositories, tags, manifests and blobs, and what could not be read.
 *
 * Everything that occurs often is interned: a blob or manifest is a number, its facts are slots in typed arrays, and
 * references are ranges of numbers, so that a million tags fit in memory.
 *
 * @since 0.1.0
 */
import { Schema, SchemaTransformation } from "effect"
import { Digest } from "../registry/Digest.ts"
import { RepositoryName, TagName } from "../registry/Names.ts"

const gapFields = {
  tag: Schema.optionalKey(TagName),
  digest: Schema.optionalKey(Digest),
  blob: Schema.optionalKey(Digest),
  reason: Schema.String,
  detail: Schema.String,
  kept: Schema.Boolean
}

/** How a gap of the list of repositories is stored: programs of earlier releases read no gap without a repository. */
const listing = { repository: RepositoryName.make("catalog"), listing: true } as const

const StoredGap = Schema.Struct({
  repository: RepositoryName,
  listing: Schema.optionalKey(Schema.Literal(true)),
  ...gapFields
})
type StoredGap = typeof StoredGap.Type

const GapFields = Schema.Struct({ repository: Schema.optionalKey(RepositoryName), ...gapFields })
type GapFields = typeof GapFields.Type

/**
 * Something that could not be read, and why. Without `tag` and `digest` it is the whole repository, or its list of tags
 * in part; without `repository` the list of repositories. With `blob`, the manifest `digest` was read, and states a wrong
 * size for this blob. `reason` is the tag of a `RegistryReason`. With `kept`, the
 * last good data stands in for it.
 *
 * @category models
 * @since 0.1.0
 */
export const Gap = StoredGap.pipe(
  Schema.decodeTo(
    Schema.toType(GapFields),
    SchemaTransformation.transform<GapFields, StoredGap>({
      decode: ({ listing, repository, ...rest }) => (listing === true ? rest : { repository, ...rest }),
      encode: ({ repository, ...rest }) =>
        repository === undefined ? { ...listing, ...rest } : { repository, ...rest }
    })
  )
)
/** @category models @since 0.1.0 */
export type Gap = typeof Gap.Type

/**
 * What a gap is of, in words: `group/app`, `group/app:1.0@sha256:…`, or `the list of repositories`.
 *
 * @category getters
 * @since 0.1.0
 */
export const gapTarget = ({ digest, repository, tag }: Omit<Gap, "kept">): string =>
  repository === undefined
    ? "the list of repositories"
    : `${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`

/**
 * How the size of a blob is known: only as manifests state it (`stated`); `measured` on the bytes or by the registry;
 * `unanswered` where it is stated and the registry could not give it. `none` is that of a manifest that was not read or a
 * layer that is stored elsewhere, and counts nowhere on disk.
 *
 * @category models
 * @since 0.1.0
 */
export const SizeSource = { stated: 0, measured: 1, unanswered: 2, none: 3 } as const
/** @category models @since 0.1.0 */
export type SizeSource = (typeof SizeSource)[keyof typeof SizeSource]

/**
 * Every blob that was seen, manifests included: its digest, its size in bytes, and how the size is known, at the same
 * place.
 *
 * @category models
 * @since 0.1.0
 */
export interface Blobs {
  readonly digests: ReadonlyArray<Digest>
  readonly sizes: Float64Array
  readonly sources: Uint8Array
}

/**
 * How a manifest refers to a blob.
 *
 * @category models
 * @since 0.1.0
 */
export const Role = { config: 0, layer: 1, foreignLayer: 2 } as const
/** @category models @since 0.1.0 */
export type Role = (typeof Role)[keyof typeof Role]

/**
 * What is known of a manifest: it was `read`; the registry does not have it (`absent`: an index may name platforms
 * that were never pushed, and they take no disk); or it could not be read (`unread`), so that whatever refers to it
 * has an unknown size.
 *
 * @category models
 * @since 0.1.0
 */
export const State = { unread: 0, read: 1, absent: 2 } as const
/** @category models @since 0.1.0 */
export type State = (typeof State)[keyof typeof State]

/**
 * Every manifest that was seen. For manifest `m`: `blobs[m]` is its own blob, `states[m]` its state, `mediaTypes[m]`
 * the place of its media type in `mediaTypeNames`, `references[referenceStarts[m] … referenceStarts[m + 1]]` the blobs
 * it refers to as it lists them, `roles` at the same places how, and `children[childStarts[m] … childStarts[m + 1]]`
 * the manifests it refers to, `attestations` at the same places whether as an attestation (1) or not (0).
 *
 * @category models
 * @since 0.1.0
 */
export interface Manifests {
  readonly blobs: Uint32Array
  readonly states: Uint8Array
  readonly mediaTypes: Uint16Array
  readonly mediaTypeNames: ReadonlyArray<string>
  readonly referenceStarts: Uint32Array
  readonly references: Uint32Array
  readonly roles: Uint8Array
  readonly childStarts: Uint32Array
  readonly children: Uint32Array
  readonly attestations: Uint8Array
}

/**
 * A repository: its tags in the registry's order, each with its manifest, or −1 where that is unknown. With
 * `unreadable` its tags are not known at all. With `stale` the data is from an earlier crawl.
 *
 * @category models
 * @since 0.1.0
 */
export interface Repository {
  readonly name: RepositoryName
  readonly tagNames: ReadonlyArray<TagName>
  readonly tagManifests: Int32Array
  readonly unreadable: boolean
  readonly stale: boolean
}

/**
 * What a crawl saw of a registry: a blob, a manifest or a repository is its place in these tables.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inventory {
  readonly blobs: Blobs
  readonly manifests: Manifests
  readonly repositories: ReadonlyArray<Repository>
  readonly gaps: ReadonlyArray<Gap>
}

/**
 * The number of tags of all repositories.
 *
 * @category getters
 * @since 0.1.0
 */
export const tagCount = (inventory: Inventory): number =>
  inventory.repositories.reduce((count, repository) => count + repository.tagNames.length, 0)

/**
 * The digest of a manifest.
 *
 * @category getters
 * @since 0.1.0
 */
export const manifestDigest = (inventory: Inventory, manifest: number): Digest =>
  inventory.blobs.digests[inventory.manifests.blobs[manifest]!]!

/**
 * Finds the manifests of an inventory that were read, by digest.
 *
 * @category getters
 * @since 0.1.0
 */
export const manifestsByDigest = (inventory: Inventory): ReadonlyMap<Digest, number> => {
  const found = new Map<Digest, number>()
  inventory.manifests.blobs.forEach((_, manifest) => {
    if (inventory.manifests.states[manifest] === State.read) found.set(manifestDigest(inventory, manifest), manifest)
  })
  return found
}

/**
 * How the sizes are known where nothing but the manifests was read: those of the manifests themselves are measured.
 *
 * @category getters
 * @since 0.1.0
 */
export const statedSources = (blobs: number, manifests: Manifests): Uint8Array<ArrayBuffer> => {
  const sources = new Uint8Array(blobs).fill(SizeSource.none)
  manifests.references.forEach((blob, at) => {
    if (manifests.roles[at] !== Role.foreignLayer) sources[blob] = SizeSource.stated
  })
  manifests.blobs.forEach((blob, manifest) => {
    if (manifests.states[manifest] === State.read) sources[blob] = SizeSource.measured
  })
  return sources
}

/**
 * How many blobs there are beside the manifests that were read, and of how many the size was measured.
 *
 * @category models
 * @since 0.1.0
 */
export interface SizeCoverage {
  readonly blobs: number
  readonly measured: number
}

/**
 * Of how many blobs the size was measured, rather than only stated by manifests. Manifests do not count: their bytes are
 * always read.
 *
 * @category getters
 * @since 0.1.0
 */
export const sizeCoverage = ({ blobs, manifests }: Inventory): SizeCoverage => {
  const counts = [0, 0, 0, 0]
  for (const source of blobs.sources) counts[source]!++
  const read = manifests.states.reduce((count, state) => (state === State.read ? count + 1 : count), 0)
  const measured = counts[SizeSource.measured]! - read
  return { blobs: measured + counts[SizeSource.stated]! + counts[SizeSource.unanswered]!, measured }
}
