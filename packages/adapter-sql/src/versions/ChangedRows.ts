import type { Digest, Inventory, Names } from "@gitlab-registry-usage/core"
import { Effect, Stream } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import { unpackContents, unpackDigest } from "./PackedValue.ts"
import { readBegun, readEnded } from "./VersionedRows.ts"
import * as Tables from "../database/Tables.ts"

/** Of a table whose rows have ids: which of them ended, and what begun. What changed is both. */
interface Changed<Begun> {
  readonly ended: ReadonlySet<number>
  readonly begun: Begun
}

/** Column by column, as there may be millions. */
export interface BegunBlobs {
  readonly ids: Array<number>
  readonly digests: Array<Digest.Digest>
  readonly sizes: Array<number>
}

/** The columns of an inventory's manifests. A manifest refers to ids, from where its list starts to where the next does. */
export type BegunManifests = { readonly ids: Array<number> } & {
  readonly [Column in Exclude<keyof Inventory.Manifests, "mediaTypeNames">]: Array<number>
}

interface RepositoryRow {
  readonly id: number
  readonly name: Names.RepositoryName
  readonly flags: number
}

export interface TagRow {
  readonly repository: number
  readonly name: Names.TagName
  readonly manifest: number
}

interface NamedRow {
  readonly id: number
  readonly name: string
}

interface GapRow {
  readonly id: number
  readonly gap: string
}

interface FiguresRow {
  readonly kind: number
  readonly path: string
}

type BegunFigures = FiguresRow & Readonly<Record<string, string | number | null>>

/** The difference of a snapshot from an earlier one, in rows and ids. */
export interface ChangedRows {
  readonly blobs: Changed<BegunBlobs>
  readonly manifests: Changed<BegunManifests>
  readonly mediaTypes: Changed<ReadonlyArray<NamedRow>>
  readonly repositories: Changed<ReadonlyArray<RepositoryRow>>
  /** By repository. */
  readonly tags: {
    readonly ended: ReadonlyMap<number, ReadonlyArray<TagRow["name"]>>
    readonly begun: ReadonlyMap<number, ReadonlyArray<TagRow>>
  }
  /** By repository, or 0 for their list. */
  readonly orderings: Changed<ReadonlyMap<number, string>>
  readonly gaps: Changed<ReadonlyArray<GapRow>>
  readonly figures: {
    readonly ended: ReadonlyArray<FiguresRow>
    readonly begun: ReadonlyArray<BegunFigures>
  }
}

const grouped = <A extends { readonly repository: number }, B>(into: Map<number, Array<B>>, pick: (row: A) => B) => {
  return (row: A) => {
    const group = into.get(row.repository)
    if (group === undefined) into.set(row.repository, [pick(row)])
    else group.push(pick(row))
  }
}

/** Reads the difference of a snapshot from an earlier one; from 0 the whole snapshot. */
export const readChanges = Effect.fnUntraced(function* (
  database: Database["Service"],
  after: number,
  snapshot: number
): Effect.fn.Return<ChangedRows, SqlError.SqlError | Tables.Inconsistent> {
  const each = <A>(rows: Stream.Stream<A, SqlError.SqlError>, take: (row: A) => void) =>
    Stream.runForEachArray(rows, (piece) =>
      Effect.try({
        try: () => {
          for (const row of piece) take(row)
        },
        catch: Tables.Inconsistent.from
      })
    )
  const eachBegun = <A extends object>(table: Tables.Table, take: (row: A) => void) =>
    each(readBegun<A>(database, table, after, snapshot), take)
  const eachEnded = <A extends object>(table: Tables.Table, take: (row: A) => void) =>
    after === 0 ? Effect.void : each(readEnded<A>(database, table, after, snapshot), take)
  const endedIn = Effect.fnUntraced(function* (table: Tables.Table, key: string = "id") {
    const ended = new Set<number>()
    yield* eachEnded<Readonly<Record<string, number>>>(table, (row) => ended.add(row[key]!))
    return ended
  })
  const begunIn = Effect.fnUntraced(function* <A extends object>(table: Tables.Table) {
    const begun: Array<A> = []
    yield* eachBegun<A>(table, (row) => begun.push(row))
    return begun
  })

  const blobs: BegunBlobs = { ids: [], digests: [], sizes: [] }
  yield* eachBegun<{ id: number; digest: string; size: number }>(Tables.blobs, ({ digest, id, size }) => {
    blobs.ids.push(id)
    blobs.digests.push(unpackDigest(digest))
    blobs.sizes.push(size)
  })

  const manifests: BegunManifests = {
    ids: [],
    blobs: [],
    states: [],
    mediaTypes: [],
    referenceStarts: [0],
    references: [],
    roles: [],
    childStarts: [0],
    children: [],
    attestations: []
  }
  yield* eachBegun<{ id: number; blob: number; state: number; media_type: number; contents: string }>(
    Tables.manifests,
    ({ blob, contents, id, media_type: mediaType, state }) => {
      manifests.ids.push(id)
      manifests.blobs.push(blob)
      manifests.states.push(state)
      manifests.mediaTypes.push(mediaType)
      unpackContents(
        contents,
        (id, role) => {
          manifests.references.push(id)
          manifests.roles.push(role)
        },
        (id, attestation) => {
          manifests.children.push(id)
          manifests.attestations.push(attestation)
        }
      )
      manifests.referenceStarts.push(manifests.references.length)
      manifests.childStarts.push(manifests.children.length)
    }
  )

  const endedTags = new Map<number, Array<TagRow["name"]>>()
  yield* eachEnded(
    Tables.tags,
    grouped<Omit<TagRow, "manifest">, TagRow["name"]>(endedTags, ({ name }) => name)
  )
  const begunTags = new Map<number, Array<TagRow>>()
  yield* eachBegun(
    Tables.tags,
    grouped<TagRow, TagRow>(begunTags, (row) => row)
  )

  const orderings = new Map<number, string>()
  yield* eachBegun<{ repository: number; places: string }>(Tables.orderings, ({ places, repository }) =>
    orderings.set(repository, places)
  )
  const endedFigures: Array<FiguresRow> = []
  yield* eachEnded<FiguresRow>(Tables.figures, (row) => endedFigures.push(row))

  return {
    blobs: { ended: yield* endedIn(Tables.blobs), begun: blobs },
    manifests: { ended: yield* endedIn(Tables.manifests), begun: manifests },
    mediaTypes: { ended: yield* endedIn(Tables.mediaTypes), begun: yield* begunIn<NamedRow>(Tables.mediaTypes) },
    repositories: {
      ended: yield* endedIn(Tables.repositories),
      begun: yield* begunIn<RepositoryRow>(Tables.repositories)
    },
    tags: { ended: endedTags, begun: begunTags },
    orderings: { ended: yield* endedIn(Tables.orderings, "repository"), begun: orderings },
    gaps: { ended: yield* endedIn(Tables.gaps), begun: yield* begunIn<GapRow>(Tables.gaps) },
    figures: { ended: endedFigures, begun: yield* begunIn<BegunFigures>(Tables.figures) }
  }
})
