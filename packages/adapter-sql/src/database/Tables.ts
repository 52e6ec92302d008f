import { Schema } from "effect"
import type { Kind } from "./Dialect.ts"

/** The rows of a snapshot contradict each other. */
export class Inconsistent extends Schema.TaggedError<Inconsistent>()("Inconsistent", { detail: Schema.String }) {
  static from(cause: unknown): Inconsistent {
    return cause instanceof Inconsistent ? cause : new Inconsistent({ detail: String(cause) })
  }
}

/**
 * A table of versioned rows. A row belongs to the snapshots from `since` to before `until`; `until` is NULL while the
 * latest snapshot has the row. `key` identifies a row within a snapshot.
 */
export interface Table<Key extends Columns = Columns, Values extends Columns = Columns> {
  readonly name: string
  readonly key: Key
  readonly values: Values
}

type Columns = Readonly<Record<string, Kind>>

type RowOf<C extends Columns> = { readonly [Column in keyof C]: C[Column] extends "text" | "bytes" ? string : number }

/** The key of a row, without `since` and `until`. */
export type Key<T extends Table> = RowOf<T["key"]>

/** A row, without `since` and `until`. */
export type Row<T extends Table> = RowOf<T["key"] & T["values"]>

const table = <const Key extends Columns, const Values extends Columns>(
  name: string,
  key: Key,
  values: Values
): Table<Key, Values> => ({ name, key, values })

/** `flags`: 1 for unreadable, 2 for stale. */
export const repositories = table("repositories", { id: "integer" }, { name: "text", flags: "integer" })

/** `manifest` is −1 where it is unknown. */
export const tags = table("tags", { repository: "integer", name: "text" }, { manifest: "integer" })

/** `contents` are its references and children, packed. */
export const manifests = table(
  "manifests",
  { id: "integer" },
  { blob: "integer", state: "integer", media_type: "integer", contents: "bytes" }
)

/** `digest` has the 32 bytes of a SHA-256 digest; any other digest is stored as text after 32 zero bytes. */
export const blobs = table("blobs", { id: "integer" }, { digest: "bytes", size: "integer" })

/**
 * The blobs whose size was measured, rather than stated by manifests; those of manifests that were read are not here.
 * Replicas of an earlier version do not know the table: a row means nothing where `size` is not that of the blob.
 */
export const measuredSizes = table("measured_sizes", { id: "integer" }, { size: "integer" })

/** `name` is JSON, because a manifest may state any text as its media type. */
export const mediaTypes = table("media_types", { id: "integer" }, { name: "text" })

/** `gap` is JSON. */
export const gaps = table("gaps", { id: "integer" }, { gap: "text" })

/**
 * The order of the tags of a repository, packed. With `repository` 0, the order of the repositories. Without a row, the
 * order is alphabetical.
 */
export const orderings = table("arrangements", { repository: "integer" }, { places: "bytes" })

/** `kind` is 0 for a namespace and 1 for a repository; sizes are NULL where they are unknown. */
export const figures = table(
  "figures",
  { kind: "integer", path: "text" },
  {
    size: "integer",
    disk_size: "integer",
    unique_size: "integer",
    repositories: "integer",
    tags: "integer",
    gaps: "integer"
  }
)

/** The tables of the first version. */
export const initial: ReadonlyArray<Table> = [
  repositories,
  tags,
  manifests,
  blobs,
  mediaTypes,
  gaps,
  orderings,
  figures
]

export const all: ReadonlyArray<Table> = [...initial, measuredSizes]

export const columns = ({ key, values }: Table): ReadonlyArray<readonly [string, Kind]> => [
  ...Object.entries(key),
  ...Object.entries(values)
]

export const missing = (table: Table, id: number): Inconsistent =>
  new Inconsistent({ detail: `${table.name} has no row ${id}` })
