/**
 * Scans, measured and compared.
 */
import { Diff, Inventory, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Struct } from "effect"
import { run } from "./Failure.ts"
import { decode } from "./Decode.ts"
import * as Options from "./Options.ts"

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
 * A repository. `sizes` is null where it could not be read. With `partial` some of it could not be read, so that its sizes
 * are the least that they can be; `stale` means that its data is from an earlier crawl.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredRepository {
  readonly name: string
  readonly sizes: MeasuredSizes | null
  readonly partial: boolean
  readonly stale: boolean
  readonly tags: ReadonlyArray<MeasuredTag>
}

/**
 * Something that could not be read, and why. Without `tag` and `digest` it is the whole repository, without `repository` the
 * list of repositories. With `blob`, the manifest `digest` was read, and states a wrong size for this blob.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredGap {
  readonly repository?: string
  readonly tag?: string
  readonly digest?: string
  readonly blob?: string
  readonly reason: string
  readonly detail: string
}

/**
 * A scan, measured. `total` is what the registry stores, each blob once; null where nothing could be read. With `partial`
 * something is missing in it, so that it is the least that it can be.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly takenAt: Date
  readonly accounting: "all" | "layers"
  readonly total: MeasuredSizes | null
  readonly partial: boolean
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
 * How scans are measured.
 *
 * @category options
 * @since 0.1.0
 */
export interface MeasureOptions {
  /** What counts: `all` that is stored (the default), or `layers` only. */
  readonly accounting?: "all" | "layers" | undefined
}

const options = Options.record({ accounting: Options.oneOf("all", "layers") })

const plain = (sizes: Usage.Sizes | undefined): MeasuredSizes | null => (sizes === undefined ? null : { ...sizes })

const tagsOf = (usage: Usage.Usage, r: number): ReadonlyArray<MeasuredTag> => {
  const { tagManifests, tagNames } = usage.inventory.repositories[r]!
  return tagNames.map((name, i) => {
    const [tag, manifest] = [usage.tagStarts[r]! + i, tagManifests[i]!]
    return {
      name,
      digest: manifest < 0 ? null : Inventory.manifestDigest(usage.inventory, manifest),
      sizes: plain(Usage.tagSizes(usage, tag)),
      foreignSize: Usage.foreignSize(usage, tag)
    }
  })
}

/**
 * Measures a scan. Rejects with `ERR_SCAN_UNREADABLE` and `ERR_OPTION_INVALID`.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measure = async (scan: Scan, given: MeasureOptions = {}): Promise<Report> => {
  Options.require(given, options)
  const { takenAt, usage } = await run(decode(scan, given))
  return {
    takenAt: DateTime.toDateUtc(takenAt),
    accounting: usage.accounting,
    total: plain(Usage.total(usage)),
    partial: Usage.namespaceUnread(usage, "") > 0,
    repositories: usage.inventory.repositories.map(({ name, stale }, r) => ({
      name,
      sizes: plain(Usage.repositorySizes(usage, r)),
      partial: Usage.repositoryUnread(usage, r) > 0,
      stale,
      tags: tagsOf(usage, r)
    })),
    gaps: usage.inventory.gaps.map(Struct.omit(["kept"]))
  }
}

/**
 * What changed from one scan to another, repository by repository. Rejects with `ERR_SCAN_UNREADABLE` and
 * `ERR_OPTION_INVALID`.
 *
 * @category comparing
 * @since 0.1.0
 */
export const diff = async (before: Scan, after: Scan, given: MeasureOptions = {}): Promise<ReadonlyArray<Change>> => {
  Options.require(given, options)
  const [earlier, later] = await run(Effect.all([decode(before, given), decode(after, given)]))
  return Diff.compare(earlier.usage, later.usage)
}
