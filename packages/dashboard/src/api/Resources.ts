/** The fields of the API's resources that the page reads. Sizes are in bytes, `null` where they are not known. */

export interface Sizes {
  /** Distinct blobs of each tag, summed over the tags. */
  readonly size: number | null
  /** Each stored blob once, charged to one tag. */
  readonly disk_size: number | null
  /** What garbage collection frees after this alone is deleted. */
  readonly unique_size: number | null
}

export type SizeKey = keyof Sizes

/** Sizes of something that consists of several things. */
export interface Sums extends Sizes {
  /** Something could not be read: the sizes are the least that they can be. */
  readonly partial?: boolean
}

export interface Image extends Sums {
  readonly name: string
  /** The number of tags. */
  readonly tags?: number | null
  /** The number of tags that could not be read, and its list of tags where that is incomplete. */
  readonly gaps?: number
  readonly stale?: boolean
}

export interface Totals extends Sums {
  /** When the registry was read, in seconds since 1970. */
  readonly timestamp: number
  readonly images: number
  readonly tags: number
  readonly gaps: number
  readonly accounting: "all" | "layers"
  readonly stale?: boolean
  /** How long the crawl took, in milliseconds. */
  readonly duration?: number
}

export interface Tag extends Sizes {
  readonly name: string
  readonly digest?: string | null
  readonly media_type?: string | null
  readonly layers?: number | null
  readonly foreign_size?: number
}

export interface TagReference {
  readonly image: string
  readonly tag: string
}

export interface Blob {
  readonly digest: string
  readonly size: number
  readonly role: "manifest" | "index" | "attestation" | "config" | "layer"
  /** How many tags of the registry reach it. */
  readonly tags: number
  /** The tag that it is charged to. */
  readonly owner: TagReference | null
  readonly owned: boolean
  readonly unique: boolean
  /** The first of the other tags that reach it. */
  readonly shared_with: ReadonlyArray<TagReference>
}

export interface Namespace extends Sizes {
  readonly path: string
}

export interface Gap {
  readonly repository?: string
  readonly tag?: string
  readonly digest?: string
  readonly reason: string
  readonly detail?: string
  /** Whether the sizes of an earlier crawl are shown instead. */
  readonly kept?: boolean
}

export interface Status {
  readonly crawling: boolean
  readonly stale?: boolean
  readonly timestamp?: number | null
  readonly last_error?: string | null
  /** Why no server crawls. */
  readonly leadership_error?: string | null
  readonly progress?: {
    readonly repositories_found: number
    readonly repositories_done: number
  } | null
  /** The size of the registry's disk in bytes, and the unit in which it is configured. */
  readonly capacity?: number | null
  readonly capacity_unit?: string | null
  readonly gaps?: ReadonlyArray<Gap>
  readonly gaps_total?: number
}

/** The unique size of a set of images and tags. */
export interface UniqueSize {
  readonly unique_size: number | null
  readonly partial?: boolean
  readonly tags: number
  readonly images: number
}

/** The sizes of one snapshot. */
export interface Point extends Sizes {
  /** In seconds since 1970. */
  readonly timestamp: number
}

export interface TimeSeries {
  /** The oldest first. */
  readonly points: ReadonlyArray<Point>
}

/** The measures of growth. */
export type GrowthKey = SizeKey | "new_bytes"

/** The parts of the change of a disk size; `null` where the snapshots are too large to compare. */
interface DiskChange {
  /** Blobs that are new to the registry. */
  readonly new_bytes: number | null
  readonly freed_bytes: number | null
  /** Blobs that the registry had before, and that are charged to something else now. */
  readonly moved_bytes: number | null
  /** What could be read at one of the two instants only. */
  readonly unread_bytes: number | null
}

/** An image has a `name`, a namespace a `path`. */
export interface Grower extends DiskChange {
  readonly name?: string
  readonly path?: string
  readonly new?: boolean
  readonly gone?: boolean
  readonly before: number | null
  readonly after: number | null
  readonly change: number | null
  readonly percent: number | null
}

/** When the registry will be full, extrapolated from its growth. */
export interface Projection {
  readonly method: string
  readonly bytes_per_day: number | null
  readonly days: number | null
  /** In seconds since 1970. */
  readonly full_at: number | null
  readonly reason: "no-capacity" | "too-few-points" | "not-growing" | "beyond-a-century" | null
  readonly based_on: { readonly points: number; readonly from: number | null; readonly to: number | null }
}

export interface Growth extends DiskChange {
  /** The instants of the two snapshots that are compared, in seconds since 1970. */
  readonly from: number
  readonly to: number
  readonly change: number | null
  readonly percent: number | null
  /** How many images or namespaces changed; the items are the first of them. */
  readonly matching: number
  readonly projection: Projection | null
  readonly items: ReadonlyArray<Grower>
}
