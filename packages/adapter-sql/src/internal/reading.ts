import { type Digest, Inventory, type Names } from "@gitlab-registry-usage/core"
import { Effect, Schema, Stream } from "effect"
import type { Database } from "../Database.ts"
import { figuresKey, type Head } from "./head.ts"
import { unpackContents, unpackDigest, unpackOrder } from "./packing.ts"
import { inSlices, type Sliced, stride } from "./slices.ts"
import { visible } from "./rows.ts"
import * as Tables from "./tables.ts"

/** Rows do not belong together as they should. */
export class Inconsistent extends Schema.TaggedError<Inconsistent>()("Inconsistent", { detail: Schema.String }) {}

/** A whole snapshot as rows are read: by id, as the rows name each other. */
const decodeGap = Schema.decodeUnknownSync(Schema.fromJsonString(Inventory.Gap))

type Place = (id: number) => number

/** Id → place, where each was pushed. */
function* places(table: Tables.Table, ids: ReadonlyArray<number>): Sliced<Place> {
  const found = new Map<number, number>()
  for (let place = 0; place < ids.length; place++) {
    if (place % stride === 0) yield
    found.set(ids[place]!, place)
  }
  return (id) => {
    const place = found.get(id)
    if (place === undefined) throw new Inconsistent({ detail: `${table.name} has no row ${id}` })
    return place
  }
}

/** A snapshot by itself. */
export interface SnapshotRow {
  readonly id: number
  readonly taken_at: number
  readonly duration: number
  readonly stale: number
  readonly next_id: number
}

interface BlobRow {
  readonly id: number
  readonly digest: string
  readonly size: number
}

interface ManifestRow {
  readonly id: number
  readonly blob: number
  readonly state: number
  readonly media_type: number
  readonly contents: string
}

function* manifestsOf(
  rows: ReadonlyArray<ManifestRow>,
  blobAt: Place,
  typeAt: Place,
  names: ReadonlyArray<string>
): Sliced<{ readonly manifests: Inventory.Manifests; readonly manifestAt: Place }> {
  const manifestAt = yield* places(
    Tables.manifests,
    rows.map(({ id }) => id)
  )
  const references: Array<number> = []
  const roles: Array<number> = []
  const children: Array<number> = []
  const attestations: Array<number> = []
  const referenceStarts = new Uint32Array(rows.length + 1)
  const childStarts = new Uint32Array(rows.length + 1)
  for (const [manifest, { contents }] of rows.entries()) {
    if (manifest % stride === 0) yield
    unpackContents(
      contents,
      (id, role) => {
        references.push(blobAt(id))
        roles.push(role)
      },
      (id, attestation) => {
        children.push(manifestAt(id))
        attestations.push(attestation)
      }
    )
    referenceStarts[manifest + 1] = references.length
    childStarts[manifest + 1] = children.length
  }
  const manifests: Inventory.Manifests = {
    blobs: Uint32Array.from(rows, ({ blob }) => blobAt(blob)),
    states: Uint8Array.from(rows, ({ state }) => state),
    mediaTypes: Uint16Array.from(rows, ({ media_type }) => typeAt(media_type)),
    mediaTypeNames: names,
    referenceStarts,
    references: Uint32Array.from(references),
    roles: Uint8Array.from(roles),
    childStarts,
    children: Uint32Array.from(children),
    attestations: Uint8Array.from(attestations)
  }
  return { manifests, manifestAt }
}

interface TagRow {
  readonly repository: number
  readonly name: Names.TagName
  readonly manifest: number
}

const ascending = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

/** All rows of a snapshot, and what comes of them. */
export const headAt = Effect.fnUntraced(function* (
  database: Database["Service"],
  { id, next_id: nextId, taken_at: takenAt }: SnapshotRow
) {
  const rows = <A extends object>(table: Tables.Table) => Stream.runCollect(visible<A>(database, table, id))

  const blobIds: Array<number> = []
  const sizes: Array<number> = []
  const digests: Array<Digest.Digest> = []
  yield* Stream.runForEachArray(visible<BlobRow>(database, Tables.blobs, id), (rows) =>
    Effect.sync(() => {
      for (const { digest, id, size } of rows) {
        blobIds.push(id)
        digests.push(unpackDigest(digest))
        sizes.push(size)
      }
    })
  )
  const mediaTypes = yield* rows<{ id: number; name: string }>(Tables.mediaTypes)
  const manifestRows = yield* rows<ManifestRow>(Tables.manifests)
  const repositories = yield* rows<{ id: number; name: Names.RepositoryName; flags: number }>(Tables.repositories)
  const tagsOf = new Map<number, Array<TagRow>>(repositories.map(({ id }) => [id, []]))
  yield* Stream.runForEachArray(visible<TagRow>(database, Tables.tags, id), (rows) =>
    Effect.sync(() => {
      for (const tag of rows) tagsOf.get(tag.repository)?.push(tag)
    })
  )
  const arrangements = new Map(
    Array.from(
      yield* rows<{ repository: number; places: string }>(Tables.arrangements),
      ({ places, repository }) => [repository, places] as const
    )
  )
  const gaps = yield* rows<{ id: number; gap: string }>(Tables.gaps)
  const figures = yield* rows<Record<string, string | number | null>>(Tables.figures)

  return yield* inSlices(function* (): Sliced<Head> {
    const names = mediaTypes.map(({ name }) => JSON.parse(name) as string)
    const typeAt = yield* places(
      Tables.mediaTypes,
      mediaTypes.map(({ id }) => id)
    )
    const blobAt = yield* places(Tables.blobs, blobIds)
    const { manifestAt, manifests } = yield* manifestsOf(manifestRows, blobAt, typeAt, names)
    const arranged = <A extends { readonly name: string }>(id: number, named: Array<A>): Array<A> => {
      const order = arrangements.get(id)
      named.sort(ascending)
      return order === undefined ? named : unpackOrder(order, named)
    }
    const built: Array<Inventory.Repository> = []
    for (const { flags, id, name } of arranged(0, [...repositories])) {
      yield
      const tags = arranged(id, tagsOf.get(id)!)
      built.push({
        name,
        tagNames: tags.map(({ name }) => name),
        tagManifests: Int32Array.from(tags, ({ manifest }) => (manifest < 0 ? -1 : manifestAt(manifest))),
        unreadable: (flags & 1) !== 0,
        stale: (flags & 2) !== 0
      })
    }
    return {
      id,
      takenAt,
      nextId,
      inventory: {
        blobs: { digests, sizes: Float64Array.from(sizes) },
        manifests,
        repositories: built,
        gaps: gaps.map(({ gap }) => decodeGap(gap))
      },
      blobs: Float64Array.from(blobIds),
      manifests: Float64Array.from(manifestRows, ({ id }) => id),
      repositories: new Map(repositories.map(({ flags, id, name }) => [name, { id, flags }])),
      mediaTypes: new Map(mediaTypes.map(({ id, name }) => [name, id])),
      gaps: new Map(gaps.map(({ gap, id }) => [gap, id])),
      arrangements,
      figures: new Map(
        figures.map((row) => [figuresKey(row["kind"] as number, row["path"] as string), Object.values(row)])
      )
    }
  }).pipe(
    Effect.catchDefect((defect) =>
      Effect.fail(defect instanceof Inconsistent ? defect : new Inconsistent({ detail: String(defect) }))
    )
  )
})
