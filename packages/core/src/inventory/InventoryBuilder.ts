/**
 * Collects what a crawl sees, in any order, into an `Inventory`.
 *
 * @since 0.1.0
 */
import type { Digest } from "../registry/Digest.ts"
import { type Gap, type Inventory, manifestDigest, type Repository, Role, SizeSource, State } from "./Inventory.ts"
import * as Column from "./Column.ts"
import * as Rows from "./Rows.ts"
import * as DigestTable from "./DigestTable.ts"
import { type Claim, isDoubtful, measuredSizes, type SizeClaims } from "./SizeClaims.ts"
import type { Layer, Manifest } from "../registry/Manifest.ts"
import * as MediaType from "../registry/MediaType.ts"

/**
 * A manifest with sizes that it may not state itself: its own in bytes, that of its config, 0 where it has none, and one
 * for each layer.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasuredManifest {
  readonly manifest: Manifest
  readonly size: number
  readonly configSize: number
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
  /** Its media type, or before it is read that of the descriptors that refer to it; empty where none does. */
  readonly mediaType: (manifest: number) => string
  /** Records what a manifest says. Returns the numbers of its children. */
  readonly read: (manifest: number, measured: MeasuredManifest) => ReadonlyArray<number>
  /** Records that the registry does not have a manifest. */
  readonly absent: (manifest: number) => void
  /** Takes one manifest that was read over from an earlier inventory. Returns the numbers of its children. */
  readonly copyOne: (from: Inventory, manifest: number) => ReadonlyArray<number>
  /** Takes a manifest over from an earlier inventory with all that it reaches. */
  readonly copy: (from: Inventory, manifest: number) => number
  readonly gap: (gap: Gap) => void
  /** What the manifests state about sizes where that cannot all be true. */
  readonly sizeClaims: () => SizeClaims
  /** All that was collected. The builder is empty afterwards. */
  readonly build: (repositories: ReadonlyArray<Repository>) => Inventory
}

const roleOf = (layer: Layer): Role => (layer.foreign ? Role.foreignLayer : Role.layer)

/** What was collected so far. A manifest's references and children are rows of the columns, in the order of reading. */
const nothing = () => ({
  blobNumbers: DigestTable.make(),
  sizes: Column.float64(),
  /** Blob → how its size is known. One that was measured outweighs what descriptors state. */
  sources: Column.uint8(),
  doubted: new Set<number>(),
  claims: new Array<Claim>(),
  /** Blob → the number of its manifest + 1, or 0. */
  blobManifests: Column.uint32(),

  blobs: Column.uint32(),
  states: Column.uint8(),
  mediaTypes: Column.uint16(),
  mediaTypeNames: [""],
  mediaTypeNumbers: new Map<string, number>([["", 0]]),
  /** Manifest → the blobs that it refers to, each with its role. */
  references: Rows.make(),
  /** Manifest → its children, each with 1 where it is an attestation. */
  children: Rows.make(),
  gaps: new Array<Gap>()
})

const noChildren: ReadonlyArray<number> = []

/** Whether a blob is stored is one fact: a layer that another manifest refers to as stored is foreign to none. */
const settleForeign = ({ flags, values }: ReturnType<typeof Rows.done>, blobs: number): void => {
  if (!flags.includes(Role.foreignLayer)) return
  const stored = new Uint8Array(blobs)
  for (let at = 0; at < flags.length; at++) if (flags[at] !== Role.foreignLayer) stored[values[at]!] = 1
  for (let at = 0; at < flags.length; at++) {
    if (flags[at] === Role.foreignLayer && stored[values[at]!] === 1) flags[at] = Role.layer
  }
}

/**
 * A builder that knows the sizes which were measured for `previous`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: { readonly previous?: Inventory | undefined } = {}): InventoryBuilder => {
  let seen = nothing()
  const measuredSize = measuredSizes(options.previous)

  const blob = (digest: Digest): number => {
    const known = seen.blobNumbers.find(digest)
    if (known >= 0) return known
    Column.push(seen.sizes, 0)
    Column.push(seen.sources, SizeSource.none)
    Column.push(seen.blobManifests, 0)
    return seen.blobNumbers.add(digest)
  }

  const know = (number: number, size: number, source: SizeSource) => {
    seen.sizes.values[number] = size
    seen.sources.values[number] = source
  }

  /** Descriptors that disagree about a size are all recorded: the registry is asked in the end. */
  const state = (manifest: number, blob: number, size: number, source: SizeSource) => {
    const known = seen.sources.values[blob]
    if (known === SizeSource.none) {
      const measured = source === SizeSource.measured ? size : measuredSize(seen.blobNumbers.digests[blob]!)
      know(blob, measured ?? size, measured === undefined ? source : SizeSource.measured)
      if (measured === undefined && isDoubtful(size)) seen.doubted.add(blob)
      if (measured === undefined || measured === size) return
    } else {
      if (size === seen.sizes.values[blob]) return
      if (known !== SizeSource.measured) seen.doubted.add(blob)
    }
    seen.claims.push({ manifest, blob, size })
  }

  const manifest = (digest: Digest): number => {
    const own = blob(digest)
    const known = seen.blobManifests.values[own]!
    if (known > 0) return known - 1
    Column.push(seen.states, State.unread)
    Column.push(seen.mediaTypes, 0)
    Rows.add(seen.references)
    Rows.add(seen.children)
    const number = Column.push(seen.blobs, own)
    seen.blobManifests.values[own] = number + 1
    return number
  }

  const digestOf = (number: number): Digest => seen.blobNumbers.digests[seen.blobs.values[number]!]!

  const mediaTypeNumber = (name: string): number => {
    const known = seen.mediaTypeNumbers.get(name)
    if (known !== undefined) return known
    // More types than a Uint16 counts can only be an attack; they are not recorded.
    if (seen.mediaTypeNames.length > 0xffff) return 0
    const number = seen.mediaTypeNames.push(name) - 1
    seen.mediaTypeNumbers.set(name, number)
    return number
  }

  /** Begins the rows of a manifest: what is referred to from now on belongs to it. */
  const begin = (number: number, mediaType: string, size: number) => {
    seen.states.values[number] = State.read
    seen.mediaTypes.values[number] = mediaTypeNumber(mediaType)
    know(seen.blobs.values[number]!, size, SizeSource.measured)
    seen.doubted.delete(seen.blobs.values[number]!)
    Rows.begin(seen.references, number)
    Rows.begin(seen.children, number)
  }

  const refer = (number: number, digest: Digest, role: number, size: number, source: SizeSource) => {
    const to = blob(digest)
    // What is stored elsewhere, the registry cannot measure.
    if (role !== Role.foreignLayer) state(number, to, size, source)
    else if (seen.sources.values[to] === SizeSource.none) seen.sizes.values[to] = Math.max(size, seen.sizes.values[to]!)
    Rows.push(seen.references, to, role)
  }

  const mediaTypeOf = (number: number): string => seen.mediaTypeNames[seen.mediaTypes.values[number]!] ?? ""

  /** Of descriptors that disagree about the type of a child that was not read, one of a manifest counts. */
  const include = (child: number, mediaType: string, attestation: number) => {
    const isKnown = seen.states.values[child] === State.read || MediaType.isManifest(mediaTypeOf(child))
    if (!isKnown && MediaType.isMediaType(mediaType)) seen.mediaTypes.values[child] = mediaTypeNumber(mediaType)
    Rows.push(seen.children, child, attestation)
  }

  const end = (number: number): ReadonlyArray<number> => {
    Rows.end(seen.references, number)
    const children = Rows.end(seen.children, number)
    return children.length === 0 ? noChildren : Array.from(children)
  }

  const read: InventoryBuilder["read"] = (number, { configSize, manifest: decoded, size, layerSizes }) => {
    begin(number, decoded.mediaType, size)
    const { stated } = SizeSource
    if (decoded.config !== undefined) refer(number, decoded.config.digest, Role.config, configSize, stated)
    decoded.layers.forEach((layer, i) => refer(number, layer.digest, roleOf(layer), layerSizes[i]!, stated))
    for (const { attestation, digest, mediaType } of decoded.children) {
      include(manifest(digest), mediaType, attestation ? 1 : 0)
    }
    return end(number)
  }

  const copyOne: InventoryBuilder["copyOne"] = (from, source) => {
    const { blobs, manifests } = from
    const own = manifests.blobs[source]!
    const number = manifest(blobs.digests[own]!)
    begin(number, manifests.mediaTypeNames[manifests.mediaTypes[source]!] ?? "", blobs.sizes[own]!)
    for (let at = manifests.referenceStarts[source]!; at < manifests.referenceStarts[source + 1]!; at++) {
      const reference = manifests.references[at]!
      const [size, source] = [blobs.sizes[reference]!, blobs.sources[reference] as SizeSource]
      refer(number, blobs.digests[reference]!, manifests.roles[at]!, size, source)
    }
    for (let at = manifests.childStarts[source]!; at < manifests.childStarts[source + 1]!; at++) {
      const child = manifests.children[at]!
      const mediaType = manifests.mediaTypeNames[manifests.mediaTypes[child]!] ?? ""
      include(manifest(manifestDigest(from, child)), mediaType, manifests.attestations[at]!)
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
        for (let at = manifests.childStarts[next]!; at < manifests.childStarts[next + 1]!; at++) {
          pending.push(manifests.children[at]!)
        }
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
    mediaType: mediaTypeOf,
    read,
    absent: (number) => {
      seen.states.values[number] = State.absent
    },
    copyOne,
    copy,
    gap: (gap) => {
      seen.gaps.push(gap)
    },
    sizeClaims: () => ({ doubted: seen.doubted, claims: seen.claims }),
    build: (repositories) => {
      const all = seen
      // Measuring needs the memory next, and a fiber may hold the builder longer.
      seen = nothing()
      const references = Rows.done(all.references)
      const children = Rows.done(all.children)
      settleForeign(references, all.blobNumbers.digests.length)
      return {
        blobs: {
          digests: all.blobNumbers.digests,
          sizes: Column.done(all.sizes),
          sources: Column.done(all.sources)
        },
        manifests: {
          blobs: Column.done(all.blobs),
          states: Column.done(all.states),
          mediaTypes: Column.done(all.mediaTypes),
          mediaTypeNames: all.mediaTypeNames,
          referenceStarts: references.starts,
          references: references.values,
          roles: references.flags,
          childStarts: children.starts,
          children: children.values,
          attestations: children.flags
        },
        repositories,
        gaps: all.gaps
      }
    }
  }
}
