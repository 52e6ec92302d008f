import { type Inventory, Role, State } from "../inventory/Inventory.ts"
import * as Column from "../inventory/Column.ts"
import { type Sliced, stride } from "../inventory/TimeSlices.ts"

/**
 * What is counted: `all` that is stored (layers, configs, manifests, the manifests an index names), or `layers` only.
 *
 * @category models
 * @since 0.1.0
 */
export type Accounting = "all" | "layers"

/**
 * What tags reach. Tags of the same manifest share one graph: graph `g` reaches `blobs[starts[g] … starts[g + 1]]`,
 * each once.
 */
export interface Graphs {
  /** Tag → graph, −1 where its manifest is unknown. */
  readonly tagGraphs: Int32Array
  /** Graph → the first tag that has it. */
  readonly firstTags: Uint32Array
  /** Graph → 1 where all of it was read. */
  readonly known: Uint8Array
  readonly starts: Uint32Array
  readonly blobs: Uint32Array
  /** Graph → bytes of its blobs. */
  readonly sizes: Float64Array
  /** Graph → bytes of its distinct foreign layers. */
  readonly foreignSizes: Float64Array
  /** Graph → number of layers as its manifests list them, repetitions included. */
  readonly layerCounts: Uint32Array
  /** Blob → number of tags that reach it. */
  readonly tagCounts: Uint32Array
}

export function* graphsOf(inventory: Inventory, accounting: Accounting, tags: number): Sliced<Graphs> {
  const {
    manifests,
    blobs: { sizes: blobSizes }
  } = inventory
  const everything = accounting === "all"

  const manifestGraphs = new Int32Array(manifests.blobs.length).fill(-1)
  const tagGraphs = new Int32Array(tags)
  const graphTags: Array<number> = []
  const firstTags: Array<number> = []
  const roots: Array<number> = []
  let tag = 0
  for (const repository of inventory.repositories) {
    for (const manifest of repository.tagManifests) {
      let graph = -1
      if (manifest >= 0) {
        graph = manifestGraphs[manifest]!
        if (graph < 0) {
          graph = manifestGraphs[manifest] = roots.push(manifest) - 1
          firstTags.push(tag)
          graphTags.push(0)
        }
        graphTags[graph]!++
      }
      tagGraphs[tag++] = graph
    }
  }

  const count = roots.length
  const known = new Uint8Array(count).fill(1)
  const starts = new Uint32Array(count + 1)
  const sizes = new Float64Array(count)
  const foreignSizes = new Float64Array(count)
  const layerCounts = new Uint32Array(count)
  const tagCounts = new Uint32Array(blobSizes.length)
  const blobs = Column.uint32()
  // The last graph in which a blob or manifest was met: it counts once in each, and a cycle ends.
  const metBlob = new Uint32Array(blobSizes.length)
  const metForeign = new Uint32Array(blobSizes.length)
  const metManifest = new Uint32Array(manifests.blobs.length)
  const pending: Array<number> = []
  let visits = 0

  for (let graph = 0; graph < count; graph++) {
    const mark = graph + 1
    const reach = (blob: number) => {
      if (metBlob[blob] === mark) return
      metBlob[blob] = mark
      Column.push(blobs, blob)
      sizes[graph]! += blobSizes[blob]!
      tagCounts[blob]! += graphTags[graph]!
    }
    pending.push(roots[graph]!)
    for (let manifest = pending.pop(); manifest !== undefined; manifest = pending.pop()) {
      if (++visits % stride === 0) yield
      if (metManifest[manifest] === mark) continue
      metManifest[manifest] = mark
      const state = manifests.states[manifest]
      if (state === State.absent) continue
      if (state === State.unread) {
        known[graph] = 0
        continue
      }
      if (everything) reach(manifests.blobs[manifest]!)
      for (let at = manifests.referenceStarts[manifest]!; at < manifests.referenceStarts[manifest + 1]!; at++) {
        const blob = manifests.references[at]!
        const role = manifests.roles[at]!
        if (role !== Role.config) layerCounts[graph]!++
        if (role === Role.foreignLayer) {
          if (metForeign[blob] !== mark) foreignSizes[graph]! += blobSizes[blob]!
          metForeign[blob] = mark
        } else if (everything || role === Role.layer) {
          reach(blob)
        }
      }
      for (let at = manifests.childStarts[manifest]!; at < manifests.childStarts[manifest + 1]!; at++) {
        pending.push(manifests.children[at]!)
      }
    }
    starts[graph + 1] = blobs.length
  }
  return {
    tagGraphs,
    firstTags: Uint32Array.from(firstTags),
    known,
    starts,
    blobs: Column.done(blobs),
    sizes,
    foreignSizes,
    layerCounts,
    tagCounts
  }
}
