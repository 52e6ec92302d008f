import type { Digest, Inventory } from "@gitlab-registry-usage/core"
import { Effect, Stream } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"
import { unpackContents, unpackDigest } from "./PackedValue.ts"
import { readBegun, readEnded } from "./VersionedRows.ts"
import * as Tables from "../database/Tables.ts"

/** In columns, because there may be millions of rows. */
export interface BegunBlobs {
  readonly ids: Array<number>
  readonly digests: Array<Digest.Digest>
  readonly sizes: Array<number>
}

/**
 * The columns of an inventory's manifests, which refer to ids. The list of a manifest ends where the next one starts.
 */
export type BegunManifests = { readonly ids: Array<number> } & {
  readonly [Column in Exclude<keyof Inventory.Manifests, "mediaTypeNames">]: Array<number>
}

/** The difference between a snapshot and an earlier one, in rows and ids. */
export type ChangedRows = Effect.Success<ReturnType<typeof readChanges>>

/** Adds rows to the group of their repository. */
const groupInto =
  <A extends Tables.Key<typeof Tables.tags>>(groups: Map<number, Array<A>>) =>
  (row: A) => {
    const group = groups.get(row.repository)
    if (group === undefined) groups.set(row.repository, [row])
    else group.push(row)
  }

/** Reads the difference between a snapshot and an earlier one; with 0, the whole snapshot. */
export const readChanges = Effect.fnUntraced(function* (
  database: Database["Service"],
  after: number,
  snapshot: number
) {
  const each = <A>(rows: Stream.Stream<A, SqlError.SqlError>, take: (row: A) => void) =>
    Stream.runForEachArray(rows, (piece) =>
      Effect.try({
        try: () => {
          for (const row of piece) take(row)
        },
        catch: Tables.Inconsistent.from
      })
    )
  const eachBegun = <T extends Tables.Table>(table: T, take: (row: Tables.Row<T>) => void) =>
    each(readBegun<Tables.Row<T>>(database, table, after, snapshot), take)
  const eachEnded = <T extends Tables.Table>(table: T, take: (key: Tables.Key<T>) => void) =>
    after === 0 ? Effect.void : each(readEnded<Tables.Key<T>>(database, table, after, snapshot), take)
  const endedIn = Effect.fnUntraced(function* (table: Tables.Table<{ readonly id: "integer" }>) {
    const ended = new Set<number>()
    yield* eachEnded(table, ({ id }) => ended.add(id))
    return ended
  })
  const begunIn = Effect.fnUntraced(function* <T extends Tables.Table>(table: T) {
    const begun: Array<Tables.Row<T>> = []
    yield* eachBegun(table, (row) => begun.push(row))
    return begun
  })

  const blobs: BegunBlobs = { ids: [], digests: [], sizes: [] }
  yield* eachBegun(Tables.blobs, ({ digest, id, size }) => {
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
  yield* eachBegun(Tables.manifests, ({ blob, contents, id, media_type: mediaType, state }) => {
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
  })

  const endedTags = new Map<number, Array<Tables.Key<typeof Tables.tags>>>()
  yield* eachEnded(Tables.tags, groupInto(endedTags))
  const begunTags = new Map<number, Array<Tables.Row<typeof Tables.tags>>>()
  yield* eachBegun(Tables.tags, groupInto(begunTags))

  const begunOrderings = new Map<number, string>()
  yield* eachBegun(Tables.orderings, ({ places, repository }) => begunOrderings.set(repository, places))
  const endedOrderings = new Set<number>()
  yield* eachEnded(Tables.orderings, ({ repository }) => endedOrderings.add(repository))
  const endedFigures: Array<Tables.Key<typeof Tables.figures>> = []
  yield* eachEnded(Tables.figures, (row) => endedFigures.push(row))

  /** The changes of a table whose rows have ids. A changed row has both ended and begun. */
  const changed = <T extends Tables.Table<{ readonly id: "integer" }>>(table: T) =>
    Effect.all({ ended: endedIn(table), begun: begunIn(table) })

  return {
    blobs: { ended: yield* endedIn(Tables.blobs), begun: blobs },
    manifests: { ended: yield* endedIn(Tables.manifests), begun: manifests },
    measuredSizes: yield* changed(Tables.measuredSizes),
    mediaTypes: yield* changed(Tables.mediaTypes),
    repositories: yield* changed(Tables.repositories),
    /** By repository. */
    tags: { ended: endedTags, begun: begunTags },
    /** By repository, or 0 for the list of repositories. */
    orderings: { ended: endedOrderings, begun: begunOrderings },
    gaps: yield* changed(Tables.gaps),
    figures: { ended: endedFigures, begun: yield* begunIn(Tables.figures) }
  }
})
