import { Inventory, type Names, TimeSlices } from "@gitlab-registry-usage/core"
import { Schema } from "effect"
import type { BegunBlobs, BegunManifests, ChangedRows } from "./ChangedRows.ts"
import { figuresKey, type StoredSnapshot } from "./StoredSnapshot.ts"
import { unpackOrder } from "./PackedValue.ts"
import { type PlaceMapping, mapPlaces } from "./PlaceMapping.ts"
import * as Tables from "../database/Tables.ts"

const decodeGap = Schema.decodeUnknownSync(Schema.fromJsonString(Inventory.Gap))

function* blobsAfter(before: Inventory.Blobs, { at, ids, now }: PlaceMapping, begun: BegunBlobs) {
  const digests = new Array<Inventory.Blobs["digests"][number]>(ids.length)
  const sizes = new Float64Array(ids.length)
  for (let was = 0; was < now.length; was++) {
    if (was % TimeSlices.stride === 0) yield
    const place = now[was]!
    if (place < 0) continue
    sizes[place] = before.sizes[was]!
    digests[place] = before.digests[was]!
  }
  for (let i = 0; i < begun.ids.length; i++) {
    if (i % TimeSlices.stride === 0) yield
    const place = at(begun.ids[i]!)
    digests[place] = begun.digests[i]!
    sizes[place] = begun.sizes[i]!
  }
  return { digests, sizes }
}

/** How the size of each blob is known. */
function* sourcesAfter(
  before: Inventory.Blobs,
  { find, ids, now }: PlaceMapping,
  { begun, ended }: ChangedRows["measuredSizes"],
  sizes: Float64Array,
  manifests: Inventory.Manifests
) {
  const sources = Inventory.statedSources(sizes.length, manifests)
  const { measured } = Inventory.SizeSource
  for (let was = 0; was < now.length; was++) {
    if (was % TimeSlices.stride === 0) yield
    const place = now[was]!
    const isKept = place >= 0 && before.sources[was] === measured && before.sizes[was] === sizes[place]
    if (isKept && !ended.has(ids[place]!)) sources[place] = measured
  }
  for (const [i, { id, size }] of begun.entries()) {
    if (i % TimeSlices.stride === 0) yield
    const place = find(id)
    if (place >= 0 && sizes[place] === size) sources[place] = measured
  }
  return sources
}

/** The reference lists of all manifests, one after the other; each reference has a mark. */
class Lists {
  readonly starts: Uint32Array
  readonly targets: Uint32Array
  readonly marks: Uint8Array

  constructor(lengths: Uint32Array) {
    this.starts = new Uint32Array(lengths.length + 1)
    for (let i = 0; i < lengths.length; i++) this.starts[i + 1] = this.starts[i]! + lengths[i]!
    this.targets = new Uint32Array(this.starts[lengths.length]!)
    this.marks = new Uint8Array(this.targets.length)
  }

  /** Fills the list of a manifest with the references from the place `from`. */
  fill(
    manifest: number,
    from: number,
    targets: ArrayLike<number>,
    marks: ArrayLike<number>,
    place: (target: number) => number
  ): void {
    for (let to = this.starts[manifest]!; to < this.starts[manifest + 1]!; to++, from++) {
      this.targets[to] = place(targets[from]!)
      this.marks[to] = marks[from]!
    }
  }
}

function* manifestsAfter(
  before: Inventory.Manifests,
  moved: PlaceMapping,
  blobs: PlaceMapping,
  begun: BegunManifests,
  types: MediaTypes
): TimeSlices.Sliced<Inventory.Manifests> {
  const count = moved.ids.length
  const begunPlaces = Int32Array.from(begun.ids, moved.at)
  // A new manifest may take the place of one that ended.
  const keptPlaces = moved.now.slice()
  const taken = new Set(keptPlaces.length === 0 ? [] : begunPlaces)
  keptPlaces.forEach((place, was) => {
    if (taken.has(place)) keptPlaces[was] = -1
  })

  const sources = [
    { rows: before, places: keptPlaces, blob: blobs.kept, mediaType: types.kept, child: moved.kept },
    { rows: begun, places: begunPlaces, blob: blobs.at, mediaType: types.at, child: moved.at }
  ]
  const referenceCounts = new Uint32Array(count)
  const childCounts = new Uint32Array(count)
  for (const { places, rows } of sources) {
    places.forEach((place, i) => {
      if (place < 0) return
      referenceCounts[place] = rows.referenceStarts[i + 1]! - rows.referenceStarts[i]!
      childCounts[place] = rows.childStarts[i + 1]! - rows.childStarts[i]!
    })
  }
  const references = new Lists(referenceCounts)
  const children = new Lists(childCounts)

  const own = new Uint32Array(count)
  const states = new Uint8Array(count)
  const mediaTypes = new Uint16Array(count)
  for (const { blob, child, mediaType, places, rows } of sources) {
    for (let i = 0; i < places.length; i++) {
      if (i % TimeSlices.stride === 0) yield
      const place = places[i]!
      if (place < 0) continue
      own[place] = blob(rows.blobs[i]!)
      states[place] = rows.states[i]!
      mediaTypes[place] = mediaType(rows.mediaTypes[i]!)
      references.fill(place, rows.referenceStarts[i]!, rows.references, rows.roles, blob)
      children.fill(place, rows.childStarts[i]!, rows.children, rows.attestations, child)
    }
  }
  return {
    blobs: own,
    states,
    mediaTypes,
    mediaTypeNames: types.names,
    referenceStarts: references.starts,
    references: references.targets,
    roles: references.marks,
    childStarts: children.starts,
    children: children.targets,
    attestations: children.marks
  }
}

/** The media types by their ids, and the new places of the earlier ones. */
type MediaTypes = ReturnType<typeof mediaTypesAfter>

const mediaTypesAfter = (before: StoredSnapshot, { begun, ended }: ChangedRows["mediaTypes"]) => {
  const ids = new Map([...before.mediaTypes].filter(([, id]) => !ended.has(id)))
  for (const { id, name } of begun) ids.set(name, id)
  const placeOfId = new Map(Array.from(ids.values(), (id, place) => [id, place]))
  const at = (id: number) => {
    const place = placeOfId.get(id)
    if (place === undefined) throw Tables.missing(Tables.mediaTypes, id)
    return place
  }
  const known = new Map<number, number>()
  return {
    ids,
    names: Array.from(ids.keys(), (name) => JSON.parse(name) as string),
    at,
    kept: (place: number) => {
      let found = known.get(place)
      if (found === undefined) {
        const name = JSON.stringify(before.inventory.manifests.mediaTypeNames[place] ?? "")
        known.set(place, (found = at(ids.get(name) ?? before.mediaTypes.get(name) ?? -1)))
      }
      return found
    }
  }
}

const ascending = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

/** Sorts entries by name, or by the packed order if there is one. */
const inOrder = <A extends { readonly name: string }>(order: string | undefined, named: Array<A>): Array<A> => {
  named.sort(ascending)
  return order === undefined ? named : unpackOrder(order, named)
}

function* repositoriesAfter(before: StoredSnapshot, changes: ChangedRows, manifests: PlaceMapping) {
  const orderings = new Map([...before.orderings].filter(([id]) => !changes.orderings.ended.has(id)))
  for (const [id, order] of changes.orderings.begun) orderings.set(id, order)
  const rows = new Map<Names.RepositoryName, { readonly id: number; readonly flags: number }>()
  for (const [name, row] of before.repositories) if (!changes.repositories.ended.has(row.id)) rows.set(name, row)
  for (const { flags, id, name } of changes.repositories.begun) rows.set(name as Names.RepositoryName, { id, flags })
  const earlier = new Map<number, Inventory.Repository>()
  for (const repository of before.inventory.repositories) {
    const { id } = before.repositories.get(repository.name)!
    // If two have the same name, the first one stays.
    if (!earlier.has(id)) earlier.set(id, repository)
  }
  const { begun, ended } = changes.tags
  const now = (manifest: number) => (manifest < 0 ? -1 : manifests.kept(manifest))

  const tagsOf = (id: number): Pick<Inventory.Repository, "tagNames" | "tagManifests"> => {
    const was = earlier.get(id)
    const isSame = !begun.has(id) && !ended.has(id)
    if (was !== undefined && isSame && orderings.get(id) === before.orderings.get(id)) {
      return { tagNames: was.tagNames, tagManifests: was.tagManifests.map(now) }
    }
    const gone = new Set<string>(ended.get(id)?.map(({ name }) => name))
    const tags = new Map<Names.TagName, number>()
    was?.tagNames.forEach((name, i) => {
      if (!gone.has(name) && !tags.has(name)) tags.set(name, now(was.tagManifests[i]!))
    })
    for (const { manifest, name } of begun.get(id) ?? []) {
      tags.set(name as Names.TagName, manifest < 0 ? -1 : manifests.at(manifest))
    }
    const ordered = inOrder(
      orderings.get(id),
      Array.from(tags, ([name, manifest]) => ({ name, manifest }))
    )
    return {
      tagNames: ordered.map(({ name }) => name),
      tagManifests: Int32Array.from(ordered, ({ manifest }) => manifest)
    }
  }

  const built: Array<Inventory.Repository> = []
  const repositories: Array<readonly [Names.RepositoryName, { readonly id: number; readonly flags: number }]> = []
  for (const { flags, id, name } of inOrder(
    orderings.get(0),
    Array.from(rows, ([name, row]) => ({ name, ...row }))
  )) {
    yield
    built.push({ name, ...tagsOf(id), unreadable: (flags & 1) !== 0, stale: (flags & 2) !== 0 })
    repositories.push([name, { id, flags }])
  }
  return { built, repositories: new Map(repositories), orderings }
}

/** The gaps and their ids, in the same order. */
const gapsAfter = (before: StoredSnapshot, { begun, ended }: ChangedRows["gaps"]) => {
  const ids = new Map<string, number>()
  const gaps: Array<Inventory.Gap> = []
  let place = 0
  for (const [text, id] of before.gaps) {
    const gap = before.inventory.gaps[place++]!
    if (ended.has(id)) continue
    ids.set(text, id)
    gaps.push(gap)
  }
  for (const { gap, id } of begun) {
    ids.set(gap, id)
    gaps.push(decodeGap(gap))
  }
  return { ids, gaps }
}

const figuresAfter = (
  before: StoredSnapshot["figures"],
  { begun, ended }: ChangedRows["figures"]
): StoredSnapshot["figures"] => {
  const figures = new Map(before)
  for (const { kind, path } of ended) figures.delete(figuresKey(kind, path))
  for (const row of begun) figures.set(figuresKey(row.kind, row.path), Object.values(row))
  return figures
}

/** Computes a snapshot from an earlier one and the difference of their rows. Throws `Inconsistent`. */
export function* applyChanges(
  before: StoredSnapshot,
  changes: ChangedRows,
  snapshot: Pick<StoredSnapshot, "id" | "takenAt" | "nextId">
): TimeSlices.Sliced<StoredSnapshot> {
  const { blobs, manifests, mediaTypes } = changes
  const movedBlobs = yield* mapPlaces(Tables.blobs, before.blobs, blobs.ended, blobs.begun.ids)
  const movedManifests = yield* mapPlaces(Tables.manifests, before.manifests, manifests.ended, manifests.begun.ids)
  const types = mediaTypesAfter(before, mediaTypes)
  const { orderings, built, repositories } = yield* repositoriesAfter(before, changes, movedManifests)
  const gaps = gapsAfter(before, changes.gaps)
  const { digests, sizes } = yield* blobsAfter(before.inventory.blobs, movedBlobs, blobs.begun)
  const inventoryManifests = yield* manifestsAfter(
    before.inventory.manifests,
    movedManifests,
    movedBlobs,
    manifests.begun,
    types
  )
  const sources = yield* sourcesAfter(
    before.inventory.blobs,
    movedBlobs,
    changes.measuredSizes,
    sizes,
    inventoryManifests
  )
  return {
    ...snapshot,
    isRead: true,
    inventory: {
      blobs: { digests, sizes, sources },
      manifests: inventoryManifests,
      repositories: built,
      gaps: gaps.gaps
    },
    blobs: movedBlobs.ids,
    manifests: movedManifests.ids,
    repositories,
    mediaTypes: types.ids,
    gaps: gaps.ids,
    orderings,
    figures: figuresAfter(before.figures, changes.figures)
  }
}
