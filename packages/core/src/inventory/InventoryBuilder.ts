/**
 * Collects what a crawl sees, in any order, into an `Inventory`.
 *
 * @since 0.1.0
 */
import type { Digest } from "../registry/Digest.ts"
import { type Gap, type Inventory, manifestDigest, type Repository, Role, State } from "./Inventory.ts"
import * as Column from "./Column.ts"
import * as DigestTable from "./DigestTable.ts"
import type { Layer, Manifest } from "../registry/Manifest.ts"

/**
 * A manifest together with what its bytes do not tell: its own size in bytes, and a size for each layer.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredManifest {
  readonly manifest: Manifest
  readonly size: number
  readonly layerSizes: ReadonlyArray<number>
}

/**
 * Takes in what a crawl reads, piece by piece, and becomes an inventory in the end.
 *
 * @category models
 * @since 0.1.0
 */
export interface InventoryBuilder {
  /** The number of the manifest with this digest; a new one begins as unread. */
  readonly manifest: (digest: Digest) => number
  readonly state: (manifest: number) => State
  readonly digest: (manifest: number) => Digest
  /** Records what a manifest says. Returns the numbers of its children. */
  readonly read: (manifest: number, measured: MeasuredManifest) => ReadonlyArray<number>
  /** Records that the registry does not have a manifest. */
  readonly absent: (manifest: number) => void
  /** Takes one manifest that was read over from an earlier inventory. Returns the numbers of its children. */
  readonly copyOne: (from: Inventory, manifest: number) => ReadonlyArray<number>
  /** Takes a manifest over from an earlier inventory with all that it reaches, as it was known then. */
  readonly copy: (from: Inventory, manifest: number) => number
  readonly gap: (gap: Gap) => void
  /** All that was collected. The builder is empty afterwards. */
  readonly build: (repositories: ReadonlyArray<Repository>) => Inventory
}

const roleOf = (layer: Layer): Role => (layer.foreign ? Role.foreignLayer : Role.layer)

/** What was collected so far. A manifest's references and children are rows of the columns, in the order of reading. */
const nothing = () => ({
  blobNumbers: DigestTable.make(),
  sizes: Column.float64(),
  /** Blob → 1 where its size was measured on bytes that were read, and so outweighs what descriptors state. */
  measured: Column.uint8(),
  /** Blob → the number of its manifest + 1, or 0. */
  blobManifests: Column.uint32(),

  blobs: Column.uint32(),
  states: Column.uint8(),
  mediaTypes: Column.uint16(),
  mediaTypeNumbers: new Map<string, number>([["", 0]]),
  referenceRows: Column.uint32(),
  referenceCounts: Column.uint32(),
  references: Column.uint32(),
  roles: Column.uint8(),
  childRows: Column.uint32(),
  childCounts: Column.uint32(),
  children: Column.uint32(),
  attestations: Column.uint8(),
  gaps: new Array<Gap>()
})

const startsOf = (counts: Column.Column<Uint32Array>): Uint32Array => {
  const starts = new Uint32Array(counts.length + 1)
  for (let i = 0; i < counts.length; i++) starts[i + 1] = starts[i]! + counts.values[i]!
  return starts
}

/** The rows one after the other, in the order of the manifests. */
const inOrder = <A extends Uint32Array | Uint8Array>(
  column: Column.Column<A>,
  rows: Column.Column<Uint32Array>,
  starts: Uint32Array
): A => {
  const ordered = column.values.slice(0, starts.at(-1)) as A
  for (let i = 0; i < rows.length; i++) {
    const shift = rows.values[i]! - starts[i]!
    for (let at = starts[i]!; at < starts[i + 1]!; at++) ordered[at] = column.values[at + shift]!
  }
  return ordered
}

const noChildren: ReadonlyArray<number> = []

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (): InventoryBuilder => {
  let seen = nothing()

  /** Descriptors that disagree about a size: the largest counts, whatever the order in which they were seen. */
  const blob = (digest: Digest, size: number, isMeasured: boolean): number => {
    const known = seen.blobNumbers.find(digest)
    if (known < 0) {
      Column.push(seen.sizes, size)
      Column.push(seen.measured, isMeasured ? 1 : 0)
      Column.push(seen.blobManifests, 0)
      return seen.blobNumbers.add(digest)
    }
    if (isMeasured || (seen.measured.values[known] === 0 && size > seen.sizes.values[known]!)) {
      seen.sizes.values[known] = size
      seen.measured.values[known] = isMeasured ? 1 : 0
    }
    return known
  }

  const manifest = (digest: Digest): number => {
    const found = seen.blobNumbers.find(digest)
    const own = found < 0 ? blob(digest, 0, false) : found
    const known = seen.blobManifests.values[own]!
    if (known > 0) return known - 1
    Column.push(seen.states, State.unread)
    Column.push(seen.mediaTypes, 0)
    for (const column of [seen.referenceRows, seen.referenceCounts, seen.childRows, seen.childCounts]) {
      Column.push(column, 0)
    }
    const number = Column.push(seen.blobs, own)
    seen.blobManifests.values[own] = number + 1
    return number
  }

  const digestOf = (number: number): Digest => seen.blobNumbers.digests[seen.blobs.values[number]!]!

  const mediaTypeNumber = (name: string): number => {
    const known = seen.mediaTypeNumbers.get(name)
    if (known !== undefined) return known
    // More types than a Uint16 counts can only be an attack; they are all the same then.
    const number = Math.min(seen.mediaTypeNumbers.size, 0xffff)
    if (number < 0xffff) seen.mediaTypeNumbers.set(name, number)
    return number
  }

  /** Begins the rows of a manifest: what is referred to from now on belongs to it. */
  const begin = (number: number, mediaType: string, size: number) => {
    seen.states.values[number] = State.read
    seen.mediaTypes.values[number] = mediaTypeNumber(mediaType)
    seen.sizes.values[seen.blobs.values[number]!] = size
    seen.measured.values[seen.blobs.values[number]!] = 1
    seen.referenceRows.values[number] = seen.references.length
    seen.childRows.values[number] = seen.children.length
  }

  const refer = (to: number, role: number) => {
    Column.push(seen.references, to)
    Column.push(seen.roles, role)
  }

  const include = (child: number, attestation: number) => {
    Column.push(seen.children, child)
    Column.push(seen.attestations, attestation)
  }

  const end = (number: number): ReadonlyArray<number> => {
    const row = seen.childRows.values[number]!
    seen.referenceCounts.values[number] = seen.references.length - seen.referenceRows.values[number]!
    seen.childCounts.values[number] = seen.children.length - row
    return seen.children.length === row
      ? noChildren
      : Array.from(seen.children.values.subarray(row, seen.children.length))
  }

  const read: InventoryBuilder["read"] = (number, { manifest: decoded, size, layerSizes }) => {
    begin(number, decoded.mediaType, size)
    if (decoded.config !== undefined) refer(blob(decoded.config.digest, decoded.config.size, false), Role.config)
    decoded.layers.forEach((layer, i) => refer(blob(layer.digest, layerSizes[i]!, false), roleOf(layer)))
    for (const child of decoded.children) include(manifest(child.digest), child.attestation ? 1 : 0)
    return end(number)
  }

  const copyOne: InventoryBuilder["copyOne"] = (from, source) => {
    const { blobs, manifests } = from
    const own = manifests.blobs[source]!
    const number = manifest(blobs.digests[own]!)
    begin(number, manifests.mediaTypeNames[manifests.mediaTypes[source]!] ?? "", blobs.sizes[own]!)
    for (let at = manifests.referenceStarts[source]!; at < manifests.referenceStarts[source + 1]!; at++) {
      const reference = manifests.references[at]!
      refer(blob(blobs.digests[reference]!, blobs.sizes[reference]!, false), manifests.roles[at]!)
    }
    for (let at = manifests.childStarts[source]!; at < manifests.childStarts[source + 1]!; at++) {
      include(manifest(manifestDigest(from, manifests.children[at]!)), manifests.attestations[at]!)
    }
    return end(number)
  }

  const copy: InventoryBuilder["copy"] = (from, root) => {
    const { manifests } = from
    const pending = [root]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const number = manifest(manifestDigest(from, next))
      if (seen.states.values[number] !== State.unread) continue
      if (manifests.states[next] === State.read) {
        copyOne(from, next)
        pending.push(...manifests.children.subarray(manifests.childStarts[next]!, manifests.childStarts[next + 1]!))
      } else {
        seen.states.values[number] = manifests.states[next]!
      }
    }
    return manifest(manifestDigest(from, root))
  }

  return {
    manifest,
    state: (number) => seen.states.values[number] as State,
    digest: digestOf,
    read,
    absent: (number) => {
      seen.states.values[number] = State.absent
    },
    copyOne,
    copy,
    gap: (gap) => {
      seen.gaps.push(gap)
    },
    build: (repositories) => {
      const all = seen
      // Whoever measures next needs the memory, and a fiber may hold the builder for longer than it is of use.
      seen = nothing()
      const referenceStarts = startsOf(all.referenceCounts)
      const childStarts = startsOf(all.childCounts)
      return {
        blobs: { digests: all.blobNumbers.digests, sizes: Column.done(all.sizes) },
        manifests: {
          blobs: Column.done(all.blobs),
          states: Column.done(all.states),
          mediaTypes: Column.done(all.mediaTypes),
          mediaTypeNames: [...all.mediaTypeNumbers.keys()],
          referenceStarts,
          references: inOrder(all.references, all.referenceRows, referenceStarts),
          roles: inOrder(all.roles, all.referenceRows, referenceStarts),
          childStarts,
          children: inOrder(all.children, all.childRows, childStarts),
          attestations: inOrder(all.attestations, all.childRows, childStarts)
        },
        repositories,
        gaps: all.gaps
      }
    }
  }
}
