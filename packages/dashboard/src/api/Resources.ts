/**
 * The resources of the API that the page reads. Sizes are in bytes, `null` where they are not known.
 *
 * @since 0.1.0
 */

/** @category models @since 0.1.0 */
export interface Sizes {
  /** What the tags add up to, as if nothing were shared. */
  readonly size: number | null
  /** What is stored, each blob charged to one tag. */
  readonly disk_size: number | null
  /** What deleting this alone would let garbage collection free. */
  readonly unique_size: number | null
}

/** @category models @since 0.1.0 */
export interface Image extends Sizes {
  readonly name: string
  /** The number of tags. */
  readonly tags?: number | null
  /** The number of tags that could not be read. */
  readonly gaps?: number
  readonly stale?: boolean
}

/** @category models @since 0.1.0 */
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

/** @category models @since 0.1.0 */
export interface Tag extends Sizes {
  readonly name: string
  readonly digest?: string | null
  readonly media_type?: string | null
  readonly layers?: number | null
  readonly foreign_size?: number
  readonly gaps?: number
}

/** @category models @since 0.1.0 */
export interface TagReference {
  readonly image: string
  readonly tag: string
}

/** @category models @since 0.1.0 */
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

/** @category models @since 0.1.0 */
export interface Namespace extends Sizes {
  readonly path: string
  readonly images: number
  readonly tags: number
  readonly gaps: number
}

/** @category models @since 0.1.0 */
export interface Gap {
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
  readonly reason: string
  readonly detail?: string
  /** Whether the figures of an earlier look are shown instead. */
  readonly kept?: boolean
}

/** @category models @since 0.1.0 */
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

/** @category models @since 0.1.0 */
export interface Freed {
  readonly unique_size: number | null
  readonly tags: number
  readonly images: number
}
