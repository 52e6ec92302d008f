/**
 * Scans for Node code without Effect: plain data in and out, errors with a stable `code`.
 *
 * @since 0.1.0
 */
import { DateTime, Effect, Struct } from "effect"
import * as Diff from "./usage/Diff.ts"
import { foreignSize, repositorySizes, type Sizes, tagSizes, total, type Usage } from "./usage/Usage.ts"
import { manifestDigest } from "./inventory/Inventory.ts"
import * as Snapshot from "./snapshot/Snapshot.ts"

/**
 * What a crawl saw, as bytes: the same that the command line saves with `--save`, and the server in its snapshot file. Keep
 * them to measure or compare later.
 *
 * @category models
 * @since 0.1.0
 */
export type Scan = Uint8Array

/**
 * Sizes in bytes: what the distinct blobs of each tag take, what is charged to it on disk with each blob charged once, and
 * what deleting it alone would free.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredSizes {
  readonly size: number
  readonly diskSize: number
  readonly uniqueSize: number
}

/**
 * A tag. `sizes` is null where some part of it could not be read, `digest` where not even the manifest is known.
 * `foreignSize` are bytes of layers that are stored elsewhere.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredTag {
  readonly name: string
  readonly digest: string | null
  readonly sizes: MeasuredSizes | null
  readonly foreignSize: number
}

/**
 * A repository. `sizes` is null where it could not be read; `stale` means that its data is from an earlier crawl.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredRepository {
  readonly name: string
  readonly sizes: MeasuredSizes | null
  readonly stale: boolean
  readonly tags: ReadonlyArray<MeasuredTag>
}

/**
 * Something that could not be read. Without `tag` and `digest` it is the whole repository, without `repository` the list
 * of repositories.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredGap {
  readonly repository?: string
  readonly tag?: string
  readonly digest?: string
  readonly reason: string
  readonly detail: string
}

/**
 * A scan, measured. `total` is what the registry stores, each blob once; null where nothing could be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly takenAt: Date
  readonly accounting: "all" | "layers"
  readonly total: MeasuredSizes | null
  readonly repositories: ReadonlyArray<MeasuredRepository>
  readonly gaps: ReadonlyArray<MeasuredGap>
}

/**
 * A repository in which something changed. `before` and `after` are undefined where it was not there, null where it could
 * not be read; `tagsMoved` point to another manifest than before.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly name: string
  readonly before: MeasuredSizes | null | undefined
  readonly after: MeasuredSizes | null | undefined
  readonly tagsAdded: ReadonlyArray<string>
  readonly tagsRemoved: ReadonlyArray<string>
  readonly tagsMoved: ReadonlyArray<string>
}

/**
 * The bytes are no scan: `ERR_SCAN_UNREADABLE`.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScanFailure extends Error {
  override readonly name = "ScanFailure"
  readonly code = "ERR_SCAN_UNREADABLE"
}

/** @category options @since 0.1.0 */
export interface Options {
  /** What counts: `all` that is stored (the default), or `layers` only. */
  readonly accounting?: "all" | "layers"
}

const decoded = (scan: Scan, { accounting }: Options): Promise<Snapshot.Snapshot> =>
  Effect.runPromise(Effect.mapError(Snapshot.decode(scan, { accounting }), (error) => new ScanFailure(error.message)))

const plain = (sizes: Sizes | undefined): MeasuredSizes | null => (sizes === undefined ? null : { ...sizes })

const tagsOf = (usage: Usage, r: number): ReadonlyArray<MeasuredTag> => {
  const { tagManifests, tagNames } = usage.inventory.repositories[r]!
  return tagNames.map((name, i) => {
    const [tag, manifest] = [usage.tagStarts[r]! + i, tagManifests[i]!]
    return {
      name,
      digest: manifest < 0 ? null : manifestDigest(usage.inventory, manifest),
      sizes: plain(tagSizes(usage, tag)),
      foreignSize: foreignSize(usage, tag)
    }
  })
}

/**
 * Measures a scan. Rejects with `ERR_SCAN_UNREADABLE`.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measure = async (scan: Scan, options: Options = {}): Promise<Report> => {
  const { takenAt, usage } = await decoded(scan, options)
  return {
    takenAt: DateTime.toDateUtc(takenAt),
    accounting: usage.accounting,
    total: plain(total(usage)),
    repositories: usage.inventory.repositories.map(({ name, stale }, r) => ({
      name,
      sizes: plain(repositorySizes(usage, r)),
      stale,
      tags: tagsOf(usage, r)
    })),
    gaps: usage.inventory.gaps.map(Struct.omit(["kept"]))
  }
}

/**
 * What changed from one scan to another, repository by repository. Rejects with `ERR_SCAN_UNREADABLE`.
 *
 * @category comparing
 * @since 0.1.0
 */
export const diff = async (before: Scan, after: Scan, options: Options = {}): Promise<ReadonlyArray<Change>> => {
  const [earlier, later] = await Promise.all([decoded(before, options), decoded(after, options)])
  return Diff.compare(earlier.usage, later.usage)
}
