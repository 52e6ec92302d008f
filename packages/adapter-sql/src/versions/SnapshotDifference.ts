import { type Digest, Inventory, type Names, type Snapshot, TimeSlices } from "@gitlab-registry-usage/core"
import { DateTime, Schema } from "effect"
import { figuresOf, packFlags, type StoredSnapshot, distinct } from "./StoredSnapshot.ts"
import { packContents, packDigest, packOrder } from "./PackedValue.ts"
import { indexDigests } from "./HashIndex.ts"
import * as Tables from "../database/Tables.ts"

const encodeGap = Schema.encodeSync(Schema.fromJsonString(Inventory.Gap))

type Row = ReadonlyArray<unknown>

/** The changes of one table: the keys of the rows that end, and the rows that begin. */
export interface Change {
  readonly table: Tables.Table
  readonly ended: ReadonlyArray<Row>
  readonly begun: ReadonlyArray<Row>
}

/** Compares rows by key. A changed row both ends and begins. */
function* changed<K, V>(
  table: Tables.Table,
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
  row: (key: K, value: V) => Row,
  same: (a: V, b: V) => boolean = Object.is
): TimeSlices.Sliced<Change> {
  const ended: Array<Row> = []
  const begun: Array<Row> = []
  const keyLength = Object.keys(table.key).length
  let count = 0
  for (const [key, value] of before) {
    if (++count % TimeSlices.stride === 0) yield
    const now = after.get(key)
    if (now === undefined || !same(value, now)) ended.push(row(key, value).slice(0, keyLength))
  }
  for (const [key, value] of after) {
    if (++count % TimeSlices.stride === 0) yield
    const earlier = before.get(key)
    if (earlier === undefined || !same(earlier, value)) begun.push(row(key, value))
  }
  return { table, ended, begun }
}

const sameFlags = (a: { readonly flags: number }, b: { readonly flags: number }) => a.flags === b.flags
const sameRow = (a: Row, b: Row) => a.every((value, i) => value === b[i])

/** Ends the rows that the new snapshot does not have. Their key is the id. */
const endLost = (ended: Array<Row>, kept: Uint8Array, ids: Float64Array) =>
  kept.forEach((isKept, place) => {
    if (isKept === 0) ended.push([ids[place]])
  })

/** Blob → id, and its place among the blobs of the head (−1 for a new blob). */
function* blobsOf(head: StoredSnapshot, { blobs }: Inventory.Inventory, newId: () => number) {
  const before = head.inventory.blobs
  let find: ((digest: Digest.Digest) => number) | undefined
  const ids = new Float64Array(blobs.digests.length)
  const earlier = new Int32Array(ids.length)
  const kept = new Uint8Array(before.digests.length)
  const ended: Array<Row> = []
  const begun: Array<Row> = []
  let next = 0
  for (let blob = 0; blob < ids.length; blob++) {
    if (blob % TimeSlices.stride === 0) yield
    const digest = blobs.digests[blob]!
    // Most digests have the order of the previous crawl.
    let place = next
    if (before.digests[place] !== digest) {
      find ??= yield* indexDigests(before.digests)
      place = find(digest)
    }
    earlier[blob] = place
    const id = (ids[blob] = place < 0 ? newId() : head.blobs[place]!)
    if (place >= 0) {
      next = place + 1
      kept[place] = 1
      if (before.sizes[place] === blobs.sizes[blob]) continue
      ended.push([id])
    }
    begun.push([id, packDigest(digest), blobs.sizes[blob]!])
  }
  endLost(ended, kept, head.blobs)
  return { ids, earlier, change: { table: Tables.blobs, ended, begun } }
}

type Blobs = ReturnType<typeof blobsOf> extends TimeSlices.Sliced<infer A> ? A : never

/** The places of blobs whose measured size is stored: that of a manifest that was read follows from its state. */
const storedSizes = ({ blobs, manifests }: Inventory.Inventory): Uint8Array => {
  const stored = blobs.sources.map((source) => (source === Inventory.SizeSource.measured ? 1 : 0))
  manifests.blobs.forEach((blob) => {
    stored[blob] = 0
  })
  return stored
}

function* measuredSizesOf(head: StoredSnapshot, inventory: Inventory.Inventory, { earlier, ids }: Blobs) {
  const before = storedSizes(head.inventory)
  const now = storedSizes(inventory)
  const begun: Array<Row> = []
  for (let blob = 0; blob < now.length; blob++) {
    if (blob % TimeSlices.stride === 0) yield
    const [was, size] = [earlier[blob]!, inventory.blobs.sizes[blob]!]
    const isKept = was >= 0 && before[was] === 1 && now[blob] === 1 && head.inventory.blobs.sizes[was] === size
    if (isKept) before[was] = 0
    else if (now[blob] === 1) begun.push([ids[blob], size])
  }
  // A replica of an earlier version may have left the row of a blob whose size it changed.
  const ended = new Set(begun.map(([id]) => id))
  before.forEach((isLost, was) => {
    if (isLost === 1) ended.add(head.blobs[was]!)
  })
  return { table: Tables.measuredSizes, ended: Array.from(ended, (id) => [id]), begun }
}

/**
 * The references of all manifests, one list after the other: where the list of each manifest starts, the targets, and a
 * mark for each target.
 */
type Lists = readonly [starts: Uint32Array, targets: Uint32Array, marks: Uint8Array]

const listsOf = (manifests: Inventory.Manifests): readonly [references: Lists, children: Lists] => [
  [manifests.referenceStarts, manifests.references, manifests.roles],
  [manifests.childStarts, manifests.children, manifests.attestations]
]

/** Whether a manifest has the same references as an earlier one; `earlier` maps targets to their earlier places. */
const sameList = (
  [starts, targets, marks]: Lists,
  [earlierStarts, earlierTargets, earlierMarks]: Lists,
  manifest: number,
  was: number,
  earlier: Int32Array
): boolean => {
  const shift = earlierStarts[was]! - starts[manifest]!
  const end = starts[manifest + 1]!
  if (end + shift !== earlierStarts[was + 1]!) return false
  for (let at = starts[manifest]!; at < end; at++) {
    if (marks[at] !== earlierMarks[at + shift] || earlier[targets[at]!] !== earlierTargets[at + shift]) return false
  }
  return true
}

const idsIn = ([starts, targets, marks]: Lists, manifest: number, ids: Float64Array) => {
  const range = [starts[manifest]!, starts[manifest + 1]!] as const
  return [
    Array.from(targets.subarray(...range), (target) => ids[target]!),
    Array.from(marks.subarray(...range))
  ] as const
}

function* manifestsOf(
  head: StoredSnapshot,
  { manifests }: Inventory.Inventory,
  blobs: Blobs,
  mediaTypeId: (name: string) => number,
  newId: () => number
) {
  const before = head.inventory.manifests
  // A manifest is identified by its own blob.
  const manifestOfBlob = new Int32Array(head.inventory.blobs.digests.length).fill(-1)
  before.blobs.forEach((blob, manifest) => {
    manifestOfBlob[blob] = manifest
  })
  const kept = new Uint8Array(before.blobs.length)
  const earlier = Int32Array.from(manifests.blobs, (blob) => {
    const place = blobs.earlier[blob]!
    return place < 0 ? -1 : manifestOfBlob[place]!
  })
  const ids = Float64Array.from(earlier, (manifest) => (manifest < 0 ? newId() : head.manifests[manifest]!))
  const mediaTypes = manifests.mediaTypeNames.map(() => 0)
  const typeOf = (manifest: number) => {
    const number = manifests.mediaTypes[manifest]!
    return (mediaTypes[number] ||= mediaTypeId(JSON.stringify(manifests.mediaTypeNames[number] ?? "")))
  }

  const [references, children] = listsOf(manifests)
  const [earlierReferences, earlierChildren] = listsOf(before)
  const same = (manifest: number, was: number): boolean => {
    const [a, b] = [manifests, before]
    if (a.states[manifest] !== b.states[was]) return false
    if (a.mediaTypeNames[a.mediaTypes[manifest]!] !== b.mediaTypeNames[b.mediaTypes[was]!]) return false
    return (
      sameList(references, earlierReferences, manifest, was, blobs.earlier) &&
      sameList(children, earlierChildren, manifest, was, earlier)
    )
  }

  const rowOf = (manifest: number): Row => {
    const [blobIds, roles] = idsIn(references, manifest, blobs.ids)
    const [childIds, attestations] = idsIn(children, manifest, ids)
    const contents = packContents({ references: blobIds, roles, children: childIds, attestations })
    return [
      ids[manifest],
      blobs.ids[manifests.blobs[manifest]!],
      manifests.states[manifest],
      typeOf(manifest),
      contents
    ]
  }

  const ended: Array<Row> = []
  const begun: Array<Row> = []
  for (const [manifest, was] of earlier.entries()) {
    if (manifest % TimeSlices.stride === 0) yield
    if (was >= 0) {
      kept[was] = 1
      if (same(manifest, was)) {
        typeOf(manifest)
        continue
      }
      ended.push([ids[manifest]])
    }
    begun.push(rowOf(manifest))
  }
  endLost(ended, kept, head.manifests)
  return { ids, change: { table: Tables.manifests, ended, begun } }
}

const tagsOf = (repository: Inventory.Repository, ids: Float64Array) => {
  const tags = new Map<string, number>()
  repository.tagNames.forEach((name, i) => {
    const manifest = repository.tagManifests[i]!
    if (!tags.has(name)) tags.set(name, manifest < 0 ? -1 : ids[manifest]!)
  })
  return tags
}

/** Whether the tags are the same in the same order. It builds no table. */
const sameTags = (
  [a, aIds]: readonly [Inventory.Repository, Float64Array],
  [b, bIds]: readonly [Inventory.Repository, Float64Array]
): boolean =>
  a.tagNames.length === b.tagNames.length &&
  a.tagNames.every((name, i) => {
    const [aManifest, bManifest] = [a.tagManifests[i]!, b.tagManifests[i]!]
    return (
      name === b.tagNames[i] && (aManifest < 0 ? bManifest < 0 : bManifest >= 0 && aIds[aManifest] === bIds[bManifest])
    )
  })

const byName = (repositories: ReadonlyArray<Inventory.Repository>) => {
  const found = new Map<Names.RepositoryName, Inventory.Repository>()
  for (const repository of repositories) if (!found.has(repository.name)) found.set(repository.name, repository)
  return found
}

const none = new Map<string, number>()

/**
 * The rows to write for a snapshot after the head, and the head that follows.
 */
export function* difference(head: StoredSnapshot, snapshot: Snapshot.Snapshot) {
  const { inventory } = snapshot.usage
  let { nextId } = head
  const newId = () => nextId++

  const mediaTypes = new Map<string, number>()
  const mediaTypeId = (name: string) => {
    let id = mediaTypes.get(name)
    if (id === undefined) mediaTypes.set(name, (id = head.mediaTypes.get(name) ?? newId()))
    return id
  }
  const blobs = yield* blobsOf(head, inventory, newId)
  const manifests = yield* manifestsOf(head, inventory, blobs, mediaTypeId, newId)

  const repositories = byName(inventory.repositories)
  const before = byName(head.inventory.repositories)
  const repositoryIds = new Map(
    Array.from(repositories.values(), (repository) => [
      repository.name,
      { id: head.repositories.get(repository.name)?.id ?? newId(), flags: packFlags(repository) }
    ])
  )
  const orderings = new Map<number, string>()
  const addOrdering = (id: number, names: ReadonlyArray<string>) => {
    const order = packOrder(names)
    if (order !== undefined) orderings.set(id, order)
  }
  addOrdering(0, [...repositories.keys()])
  const endedTags: Array<Row> = []
  const begunTags: Array<Row> = []
  for (const [name, repository] of repositories) {
    yield
    const { id } = repositoryIds.get(name)!
    const was = before.get(name)
    if (was !== undefined && sameTags([repository, manifests.ids], [was, head.manifests])) {
      const order = head.orderings.get(id)
      if (order !== undefined) orderings.set(id, order)
      continue
    }
    const tags = tagsOf(repository, manifests.ids)
    addOrdering(id, [...tags.keys()])
    const { begun, ended } = yield* changed(
      Tables.tags,
      was === undefined ? none : tagsOf(was, head.manifests),
      tags,
      (tag, manifest) => [id, tag, manifest]
    )
    // Not spread: a repository may have more tags than a call may have arguments.
    for (const row of ended) endedTags.push(row)
    for (const row of begun) begunTags.push(row)
  }
  for (const [name, repository] of before) {
    if (repositories.has(name)) continue
    const { id } = head.repositories.get(name)!
    for (const tag of new Set(repository.tagNames)) endedTags.push([id, tag])
  }

  const gaps = new Map(
    distinct(inventory.gaps.map((gap) => encodeGap(gap))).map((gap) => [gap, head.gaps.get(gap) ?? newId()])
  )
  const figures = figuresOf(snapshot)
  const changes: ReadonlyArray<Change> = [
    yield* changed(
      Tables.repositories,
      head.repositories,
      repositoryIds,
      (name, { flags, id }) => [id, name, flags],
      sameFlags
    ),
    { table: Tables.tags, ended: endedTags, begun: begunTags },
    manifests.change,
    blobs.change,
    yield* measuredSizesOf(head, inventory, blobs),
    yield* changed(Tables.mediaTypes, head.mediaTypes, mediaTypes, (name, id) => [id, name]),
    yield* changed(Tables.gaps, head.gaps, gaps, (gap, id) => [id, gap]),
    yield* changed(Tables.orderings, head.orderings, orderings, (id, order) => [id, order]),
    yield* changed(Tables.figures, head.figures, figures, (_, row) => row, sameRow)
  ]
  const next: StoredSnapshot = {
    isRead: false,
    id: head.id + 1,
    takenAt: DateTime.toEpochMillis(snapshot.takenAt),
    nextId,
    inventory,
    blobs: blobs.ids,
    manifests: manifests.ids,
    repositories: repositoryIds,
    mediaTypes,
    gaps,
    orderings,
    figures
  }
  return { changes, head: next }
}
