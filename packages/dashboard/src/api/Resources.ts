/** The resources of the API that the page reads. Sizes are in bytes, `null` where they are not known. */
export interface Sizes {
  /** What the tags add up to, as if nothing were shared. */
  readonly size: number | null
  /** What is stored, each blob charged to one tag. */
  readonly disk_size: number | null
  /** What deleting this alone would let garbage collection free. */
  readonly unique_size: number | null
}

export interface Image extends Sizes {
  readonly name: string
  /** The number of tags. */
  readonly tags?: number | null
  /** The number of tags that could not be read. */
  readonly gaps?: number
  readonly stale?: boolean
}

export interface Totals extends Sizes {
  /** When the registry was looked at, in seconds since 1970. */
  readonly timestamp: number
  readonly images: number
  readonly tags: number
  readonly gaps: number
  readonly accounting: "all" | "layers"
  readonly stale?: boolean
  /** How long the look took, in milliseconds. */
  readonly duration?: number
}

export interface Tag extends Sizes {
  readonly name: string
  readonly digest?: string | null
  readonly media_type?: string | null
  readonly layers?: number | null
  readonly foreign_size?: number
  readonly gaps?: number
}

export interface TagReference {
  readonly image: string
  readonly tag: string
}

export interface Blob {
  readonly digest: string
  readonly size: number
  readonly role: "manifest" | "index" | "attestation" | "config" | "layer"
  readonly media_type?: string
  /** How many tags of the registry reach it. */
  readonly tags: number
  /** The tag it is charged to. */
  readonly owner: TagReference
  readonly owned: boolean
  readonly unique: boolean
  /** The first of the other tags that reach it. */
  readonly shared_with: ReadonlyArray<TagReference>
}

export interface Namespace extends Sizes {
  readonly path: string
  readonly images: number
  readonly tags: number
  readonly gaps: number
}

export interface Gap {
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
  readonly reason: string
  readonly detail?: string
  /** Whether the figures of an earlier look are shown instead. */
  readonly kept?: boolean
}

export interface Status {
  readonly crawling: boolean
  readonly stale?: boolean
  readonly timestamp?: number | null
  readonly last_attempt?: number | null
  readonly last_success?: number | null
  readonly last_error?: string | null
  readonly progress?: {
    readonly repositories_found: number
    readonly repositories_done: number
    readonly tags_found: number
    readonly tags_done: number
  } | null
  readonly gaps?: ReadonlyArray<Gap>
  readonly gaps_total?: number
}

export interface Freed {
  readonly unique_size: number | null
  readonly tags: number
  readonly images: number
}

/** The three sizes that are told of everything. */
export type SizeKey = keyof Sizes

/** How large something was when it was looked at. */
export interface Point extends Sizes {
  /** In seconds since 1970. */
  readonly timestamp: number
  readonly images: number
  readonly tags: number
  readonly gaps: number
}

/** How sizes went, the oldest point first. */
export interface Course {
  /** In seconds since 1970. */
  readonly from: number
  readonly to: number
  /** In seconds; 0 where every look is told. */
  readonly step: number
  readonly points: ReadonlyArray<Point>
}

/** In bytes, before and after. */
export interface Change {
  readonly before: number | null
  readonly after: number | null
  readonly change: number | null
  readonly percent: number | null
}

/** An image has a `name`, a namespace a `path`. */
export interface Grower extends Change {
  readonly name?: string
  readonly path?: string
  readonly new?: boolean
  readonly gone?: boolean
}

/** When the registry will be full, by how it grew. */
export interface Projection {
  readonly method: string
  readonly bytes_per_day: number | null
  readonly days: number | null
  /** In seconds since 1970. */
  readonly full_at: number | null
  readonly reason: "no-capacity" | "too-few-points" | "not-growing" | "beyond-a-century" | null
  readonly based_on: { readonly points: number; readonly from: number | null; readonly to: number | null }
}

export interface Growth extends Change {
  /** When the two looks were that are compared, in seconds since 1970. */
  readonly from: number
  readonly to: number
  /** How many changed; the items are the first of them. */
  readonly matching: number
  /** In bytes. */
  readonly capacity: number | null
  readonly projection: Projection | null
  readonly items: ReadonlyArray<Grower>
}
