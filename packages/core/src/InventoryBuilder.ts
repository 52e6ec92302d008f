/**
 * Collects what a crawl sees, in any order, into an `Inventory`.
 *
 * @since 0.1.0
 */
import type { Digest } from "./Digest.ts"
import { type Gap, type Inventory, manifestDigest, type Repository, Role, State } from "./Inventory.ts"
import type { Layer, Manifest } from "./Manifest.ts"

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

/** @category models @since 0.1.0 */
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
  readonly build: (repositories: ReadonlyArray<Repository>) => Inventory
}

const roleOf = (layer: Layer): Role => (layer.foreign ? Role.foreignLayer : Role.layer)

const starts = (rows: ReadonlyArray<ReadonlyArray<number>>): Uint32Array => {
  const result = new Uint32Array(rows.length + 1)
  rows.forEach((row, i) => {
    result[i + 1] = result[i]! + row.length
  })
  return result
}

const flat = <A extends Uint32Array | Uint8Array>(into: A, rows: ReadonlyArray<ReadonlyArray<number>>): A => {
  let at = 0
  for (const row of rows) {
    into.set(row, at)
    at += row.length
  }
  return into
}

const none: ReadonlyArray<number> = []

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (): InventoryBuilder => {
  const blobNumbers = new Map<Digest, number>()
  const digests: Array<Digest> = []
  const sizes: Array<number> = []
  // Whether a size was measured on bytes that were read, and so outweighs what descriptors state.
  const measured: Array<boolean> = []

  const manifestNumbers = new Map<Digest, number>()
  const blobs: Array<number> = []
  const states: Array<State> = []
  const mediaTypes: Array<number> = []
  const mediaTypeNumbers = new Map<string, number>([["", 0]])
  const references: Array<ReadonlyArray<number>> = []
  const roles: Array<ReadonlyArray<number>> = []
  const children: Array<ReadonlyArray<number>> = []
  const attestations: Array<ReadonlyArray<number>> = []
  const gaps: Array<Gap> = []

  /** Descriptors that disagree about a size: the largest counts, whatever the order in which they were seen. */
  const blob = (digest: Digest, size: number, isMeasured: boolean): number => {
    const known = blobNumbers.get(digest)
    if (known === undefined) {
      blobNumbers.set(digest, digests.length)
      sizes.push(size)
      measured.push(isMeasured)
      return digests.push(digest) - 1
    }
    if (isMeasured || (!measured[known] && size > sizes[known]!)) {
      sizes[known] = size
      measured[known] = isMeasured
    }
    return known
  }

  const manifest = (digest: Digest): number => {
    const known = manifestNumbers.get(digest)
    if (known !== undefined) return known
    manifestNumbers.set(digest, blobs.length)
    states.push(State.unread)
    mediaTypes.push(0)
    references.push(none)
    roles.push(none)
    children.push(none)
    attestations.push(none)
    return blobs.push(blob(digest, 0, false)) - 1
  }

  const mediaTypeNumber = (name: string): number => {
    const known = mediaTypeNumbers.get(name)
    if (known !== undefined) return known
    // More types than a Uint16 counts can only be an attack; they are all the same then.
    const number = Math.min(mediaTypeNumbers.size, 0xffff)
    if (number < 0xffff) mediaTypeNumbers.set(name, number)
    return number
  }

  const set = (number: number, mediaType: string, size: number) => {
    states[number] = State.read
    mediaTypes[number] = mediaTypeNumber(mediaType)
    blob(digests[blobs[number]!]!, size, true)
  }

  const read: InventoryBuilder["read"] = (number, { manifest: decoded, size, layerSizes }) => {
    set(number, decoded.mediaType, size)
    const config = decoded.config === undefined ? [] : [blob(decoded.config.digest, decoded.config.size, false)]
    references[number] = [...config, ...decoded.layers.map((layer, i) => blob(layer.digest, layerSizes[i]!, false))]
    roles[number] = [...config.map(() => Role.config), ...decoded.layers.map(roleOf)]
    children[number] = decoded.children.map((child) => manifest(child.digest))
    attestations[number] = decoded.children.map((child) => (child.attestation ? 1 : 0))
    return children[number]
  }

  const copyOne: InventoryBuilder["copyOne"] = (from, source) => {
    const { manifests } = from
    const own = manifests.blobs[source]!
    const number = manifest(from.blobs.digests[own]!)
    set(number, manifests.mediaTypeNames[manifests.mediaTypes[source]!] ?? "", from.blobs.sizes[own]!)
    const [start, end] = [manifests.referenceStarts[source]!, manifests.referenceStarts[source + 1]!]
    references[number] = Array.from(manifests.references.subarray(start, end), (reference) =>
      blob(from.blobs.digests[reference]!, from.blobs.sizes[reference]!, false)
    )
    roles[number] = Array.from(manifests.roles.subarray(start, end))
    const [childStart, childEnd] = [manifests.childStarts[source]!, manifests.childStarts[source + 1]!]
    children[number] = Array.from(manifests.children.subarray(childStart, childEnd), (child) =>
      manifest(manifestDigest(from, child))
    )
    attestations[number] = Array.from(manifests.attestations.subarray(childStart, childEnd))
    return children[number]
  }

  const copy: InventoryBuilder["copy"] = (from, root) => {
    const { manifests } = from
    const pending = [root]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const number = manifest(manifestDigest(from, next))
      if (states[number] !== State.unread) continue
      if (manifests.states[next] === State.read) {
        copyOne(from, next)
        pending.push(...manifests.children.subarray(manifests.childStarts[next]!, manifests.childStarts[next + 1]!))
      } else {
        states[number] = manifests.states[next] as State
      }
    }
    return manifest(manifestDigest(from, root))
  }

  return {
    manifest,
    state: (number) => states[number]!,
    digest: (number) => digests[blobs[number]!]!,
    read,
    absent: (number) => {
      states[number] = State.absent
    },
    copyOne,
    copy,
    gap: (gap) => {
      gaps.push(gap)
    },
    build: (repositories) => {
      const referenceStarts = starts(references)
      const childStarts = starts(children)
      return {
        blobs: { digests, sizes: Float64Array.from(sizes) },
        manifests: {
          blobs: Uint32Array.from(blobs),
          states: Uint8Array.from(states),
          mediaTypes: Uint16Array.from(mediaTypes),
          mediaTypeNames: [...mediaTypeNumbers.keys()],
          referenceStarts,
          references: flat(new Uint32Array(referenceStarts.at(-1)!), references),
          roles: flat(new Uint8Array(referenceStarts.at(-1)!), roles),
          childStarts,
          children: flat(new Uint32Array(childStarts.at(-1)!), children),
          attestations: flat(new Uint8Array(childStarts.at(-1)!), attestations)
        },
        repositories,
        gaps
      }
    }
  }
}
