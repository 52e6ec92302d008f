import { Inventory, type Names } from "@gitlab-registry-usage/core"
import { Schema } from "effect"
import type { BegunBlobs, BegunManifests, Changes, TagRow } from "./changes.ts"
import { figuresKey, type Head } from "./head.ts"
import { unpackOrder } from "./packing.ts"
import { type Moved, movedOf } from "./moving.ts"
import { type Sliced, stride } from "./slices.ts"
import * as Tables from "./tables.ts"

const decodeGap = Schema.decodeUnknownSync(Schema.fromJsonString(Inventory.Gap))

function* blobsAfter(before: Inventory.Blobs, moved: Moved, begun: BegunBlobs): Sliced<Inventory.Blobs> {
  const digests: Array<Inventory.Blobs["digests"][number]> = []
  const sizes = new Float64Array(moved.ids.length)
  for (let place = 0; place < before.digests.length; place++) {
    if (place % stride === 0) yield
    if (moved.isGone(place)) continue
    sizes[digests.length] = before.sizes[place]!
    digests.push(before.digests[place]!)
  }
  for (let i = 0; i < begun.ids.length; i++) {
    if (i % stride === 0) yield
    const place = moved.at(begun.ids[i]!)
    digests[place] = begun.digests[i]!
    sizes[place] = begun.sizes[i]!
  }
  return { digests, sizes }
}

/** What lists refer to, one list for each manifest: those that are kept and those that begun, one after the other. */
const lists = (counts: Uint32Array) => {
  const starts = new Uint32Array(counts.length + 1)
  counts.forEach((count, manifest) => {
    starts[manifest + 1] = starts[manifest]! + count
  })
  const length = starts[counts.length]!
  return { starts, targets: new Uint32Array(length), marks: new Uint8Array(length) }
}

function* manifestsAfter(
  before: Inventory.Manifests,
  moved: Moved,
  blobs: Moved,
  begun: BegunManifests,
  types: MediaTypes
): Sliced<Inventory.Manifests> {
  const count = moved.ids.length
  /** Where a manifest comes from: its place before, or −1 less its place among those that begun. */
  const sources = new Int32Array(count)
  before.blobs.forEach((_, was) => {
    if (!moved.isGone(was)) sources[moved.now(was)] = was
  })
  begun.ids.forEach((id, i) => {
    sources[moved.at(id)] = -1 - i
  })
  const referenceCounts = new Uint32Array(count)
  const childCounts = new Uint32Array(count)
  sources.forEach((source, manifest) => {
    const [{ childStarts, referenceStarts }, at] = source < 0 ? [begun, -1 - source] : [before, source]
    referenceCounts[manifest] = referenceStarts[at + 1]! - referenceStarts[at]!
    childCounts[manifest] = childStarts[at + 1]! - childStarts[at]!
  })
  const references = lists(referenceCounts)
  const children = lists(childCounts)
  const own = new Uint32Array(count)
  const states = new Uint8Array(count)
  const mediaTypes = new Uint16Array(count)
  for (let manifest = 0; manifest < count; manifest++) {
    if (manifest % stride === 0) yield
    const source = sources[manifest]!
    const isNew = source < 0
    const [from, at] = isNew ? [begun, -1 - source] : [before, source]
    const blob = isNew ? blobs.at : blobs.now
    const child = isNew ? moved.at : moved.now
    own[manifest] = blob(from.blobs[at]!)
    states[manifest] = from.states[at]!
    mediaTypes[manifest] = isNew ? types.at(begun.mediaTypes[at]!) : types.now(before.mediaTypes[at]!)
    const [reference, firstChild] = [from.referenceStarts[at]!, from.childStarts[at]!]
    for (let i = 0, to = references.starts[manifest]!; i < referenceCounts[manifest]!; i++) {
      references.targets[to + i] = blob(from.references[reference + i]!)
      references.marks[to + i] = from.roles[reference + i]!
    }
    for (let i = 0, to = children.starts[manifest]!; i < childCounts[manifest]!; i++) {
      children.targets[to + i] = child(from.children[firstChild + i]!)
      children.marks[to + i] = from.attestations[firstChild + i]!
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

/** The media types by their ids, and where those before are now. */
interface MediaTypes {
  readonly ids: ReadonlyMap<string, number>
  readonly names: ReadonlyArray<string>
  readonly at: (id: number) => number
  readonly now: (before: number) => number
}

const mediaTypesAfter = (before: Head, { begun, ended }: Changes["mediaTypes"]): MediaTypes => {
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
    now: (place) => {
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

/** Named things in the order of their names, or the one that was packed. */
const arranged = <A extends { readonly name: string }>(order: string | undefined, named: Array<A>): Array<A> => {
  named.sort(ascending)
  return order === undefined ? named : unpackOrder(order, named)
}

type Repositories = Pick<Head, "repositories" | "arrangements"> & {
  readonly built: ReadonlyArray<Inventory.Repository>
}

function* repositoriesAfter(before: Head, changes: Changes, manifests: Moved): Sliced<Repositories> {
  const arrangements = new Map([...before.arrangements].filter(([id]) => !changes.arrangements.ended.has(id)))
  for (const [id, order] of changes.arrangements.begun) arrangements.set(id, order)
  const rows = new Map<Names.RepositoryName, { readonly id: number; readonly flags: number }>()
  for (const [name, row] of before.repositories) if (!changes.repositories.ended.has(row.id)) rows.set(name, row)
  for (const { flags, id, name } of changes.repositories.begun) rows.set(name, { id, flags })
  const earlier = new Map<number, Inventory.Repository>()
  for (const repository of before.inventory.repositories) {
    const { id } = before.repositories.get(repository.name)!
    // Of two with the same name the first one is kept.
    if (!earlier.has(id)) earlier.set(id, repository)
  }
  const { begun, ended } = changes.tags
  const now = (manifest: number) => (manifest < 0 ? -1 : manifests.now(manifest))

  const tagsOf = (id: number): Pick<Inventory.Repository, "tagNames" | "tagManifests"> => {
    const was = earlier.get(id)
    const isSame = !begun.has(id) && !ended.has(id)
    if (was !== undefined && isSame && arrangements.get(id) === before.arrangements.get(id)) {
      return { tagNames: was.tagNames, tagManifests: was.tagManifests.map(now) }
    }
    const gone = new Set(ended.get(id))
    const tags = new Map<TagRow["name"], number>()
    was?.tagNames.forEach((name, i) => {
      if (!gone.has(name) && !tags.has(name)) tags.set(name, now(was.tagManifests[i]!))
    })
    for (const { manifest, name } of begun.get(id) ?? []) tags.set(name, manifest < 0 ? -1 : manifests.at(manifest))
    const ordered = arranged(
      arrangements.get(id),
      Array.from(tags, ([name, manifest]) => ({ name, manifest }))
    )
    return {
      tagNames: ordered.map(({ name }) => name),
      tagManifests: Int32Array.from(ordered, ({ manifest }) => manifest)
    }
  }

  const built: Array<Inventory.Repository> = []
  const repositories: Array<readonly [Names.RepositoryName, { readonly id: number; readonly flags: number }]> = []
  for (const { flags, id, name } of arranged(
    arrangements.get(0),
    Array.from(rows, ([name, row]) => ({ name, ...row }))
  )) {
    yield
    built.push({ name, ...tagsOf(id), unreadable: (flags & 1) !== 0, stale: (flags & 2) !== 0 })
    repositories.push([name, { id, flags }])
  }
  return { built, repositories: new Map(repositories), arrangements }
}

/** The gaps as they are told, and their ids, in the same order. */
const gapsAfter = (before: Head, { begun, ended }: Changes["gaps"]) => {
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

const figuresAfter = (before: Head["figures"], { begun, ended }: Changes["figures"]): Head["figures"] => {
  const figures = new Map(before)
  for (const { kind, path } of ended) figures.delete(figuresKey(kind, path))
  for (const row of begun) figures.set(figuresKey(row.kind, row.path), Object.values(row))
  return figures
}

/** The head at a snapshot, by what is different in it from an earlier one. Throws `Inconsistent`. */
export function* headAfter(
  before: Head,
  changes: Changes,
  snapshot: Pick<Head, "id" | "takenAt" | "nextId">
): Sliced<Head> {
  const { blobs, manifests, mediaTypes } = changes
  const movedBlobs = yield* movedOf(Tables.blobs, before.blobs, blobs.ended, blobs.begun.ids)
  const movedManifests = yield* movedOf(Tables.manifests, before.manifests, manifests.ended, manifests.begun.ids)
  const types = mediaTypesAfter(before, mediaTypes)
  const { arrangements, built, repositories } = yield* repositoriesAfter(before, changes, movedManifests)
  const gaps = gapsAfter(before, changes.gaps)
  return {
    ...snapshot,
    isRead: true,
    inventory: {
      blobs: yield* blobsAfter(before.inventory.blobs, movedBlobs, blobs.begun),
      manifests: yield* manifestsAfter(before.inventory.manifests, movedManifests, movedBlobs, manifests.begun, types),
      repositories: built,
      gaps: gaps.gaps
    },
    blobs: movedBlobs.ids,
    manifests: movedManifests.ids,
    repositories,
    mediaTypes: types.ids,
    gaps: gaps.ids,
    arrangements,
    figures: figuresAfter(before.figures, changes.figures)
  }
}
