import { History, type Inventory, InventoryBuilder, type Names, type Snapshot } from "@gitlab-registry-usage/core"

/** The newest snapshot of the database with the ids of its rows. The next snapshot is compared with it. */
export interface StoredSnapshot {
  /** Whether it was read from the database; otherwise this process saved it. */
  readonly isRead: boolean
  /** The id of the snapshot; 0 before the first one. */
  readonly id: number
  /**
   * When it was taken (milliseconds since 1970). A database that was restored from a backup has other snapshots with
   * the same ids.
   */
  readonly takenAt: number
  /** The first id that was never used. */
  readonly nextId: number
  readonly inventory: Inventory.Inventory
  /** Blob → id. */
  readonly blobs: Float64Array
  /** Manifest → id. */
  readonly manifests: Float64Array
  readonly repositories: ReadonlyMap<Names.RepositoryName, { readonly id: number; readonly flags: number }>
  /** Media type as JSON → id. */
  readonly mediaTypes: ReadonlyMap<string, number>
  /** Gap as JSON → id, in the order of the inventory. A repeated gap differs by a space at its end. */
  readonly gaps: ReadonlyMap<string, number>
  /** Repository, or 0 for the list of repositories → its order, if that is not alphabetical. */
  readonly orderings: ReadonlyMap<number, string>
  /** Kind and path → the figures, as in the table `figures`. */
  readonly figures: ReadonlyMap<string, ReadonlyArray<unknown>>
}

export const empty: StoredSnapshot = {
  isRead: true,
  id: 0,
  takenAt: 0,
  nextId: 1,
  inventory: InventoryBuilder.make().build([]),
  blobs: new Float64Array(),
  manifests: new Float64Array(),
  repositories: new Map(),
  mediaTypes: new Map(),
  gaps: new Map(),
  orderings: new Map(),
  figures: new Map()
}

export const packFlags = ({ stale, unreadable }: Inventory.Repository): number => (unreadable ? 1 : 0) + (stale ? 2 : 0)

export const kinds = { Namespace: 0, Repository: 1 } as const

export const figuresKey = (kind: number, path: string): string => `${kind} ${path}`

/** The figures of all namespaces and repositories, as rows. */
export const figuresOf = (snapshot: Snapshot.Snapshot): Map<string, ReadonlyArray<unknown>> =>
  new Map(
    History.figuresOf(snapshot.usage).map(([{ _tag, path }, { gaps, repositories, sizes, tags }]) => [
      figuresKey(kinds[_tag], path),
      [
        kinds[_tag],
        path,
        sizes?.size ?? null,
        sizes?.diskSize ?? null,
        sizes?.uniqueSize ?? null,
        repositories,
        tags,
        gaps
      ]
    ])
  )

/** Makes equal texts distinct by spaces at the end, which JSON ignores. */
export const distinct = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return texts.map((text) => {
    let name = text
    while (seen.has(name)) name += " "
    seen.add(name)
    return name
  })
}
