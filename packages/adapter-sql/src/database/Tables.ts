import { Schema } from "effect"
import type { Kind } from "./Dialect.ts"

/** Rows do not belong together as they should. */
export class Inconsistent extends Schema.TaggedError<Inconsistent>()("Inconsistent", { detail: Schema.String }) {
  static from(cause: unknown): Inconsistent {
    return cause instanceof Inconsistent ? cause : new Inconsistent({ detail: String(cause) })
  }
}

/**
 * A table whose rows are there from the snapshot `since` on, and until before the snapshot `until`; `until` is NULL while
 * they are in the latest one. Of the rows of a snapshot `key` names one.
 */
export interface Table<Key extends Columns = Columns, Values extends Columns = Columns> {
  readonly name: string
  readonly key: Key
  readonly values: Values
}

type Columns = Readonly<Record<string, Kind>>

type RowOf<C extends Columns> = { readonly [Column in keyof C]: C[Column] extends "text" | "bytes" ? string : number }

/** The key of a row as it is read, without the snapshots that it is in. */
export type Key<T extends Table> = RowOf<T["key"]>

/** A row as it is read, without the snapshots that it is in. */
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

/** `contents` are what it refers to, packed. */
export const manifests = table(
  "manifests",
  { id: "integer" },
  { blob: "integer", state: "integer", media_type: "integer", contents: "bytes" }
)

/** The 32 bytes of a SHA-256; any other digest as text, after 32 bytes of 0. */
export const blobs = table("blobs", { id: "integer" }, { digest: "bytes", size: "integer" })

/** As JSON, as what a manifest says of itself may be any text. */
export const mediaTypes = table("media_types", { id: "integer" }, { name: "text" })

/** As JSON. */
export const gaps = table("gaps", { id: "integer" }, { gap: "text" })

/**
 * The order of the tags of a repository, or of the repositories where that is 0, packed. There is none where they are in
 * the order of their names.
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

export const all: ReadonlyArray<Table> = [repositories, tags, manifests, blobs, mediaTypes, gaps, orderings, figures]

export const columns = ({ key, values }: Table): ReadonlyArray<readonly [string, Kind]> => [
  ...Object.entries(key),
  ...Object.entries(values)
]

export const missing = (table: Table, id: number): Inconsistent =>
  new Inconsistent({ detail: `${table.name} has no row ${id}` })
