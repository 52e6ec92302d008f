/**
 * How large things are, what they cost on disk, and what deleting them would free.
 *
 * @since 0.1.0
 */
import * as Bytes from "../registry/Bytes.ts"
import { type Inventory, tagCount } from "../inventory/Inventory.ts"
import { atOnce, type Sliced, stride } from "../inventory/TimeSlices.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import { type Accounting, type Graphs, graphsOf } from "./Graphs.ts"
import { type Tree, treeOf } from "./Tree.ts"

export type { Accounting } from "./Graphs.ts"

/**
 * Three sizes in bytes.
 *
 * - `size`: of a tag, the distinct blobs that it reaches; of anything larger, the sum over its tags.
 * - `diskSize`: each stored blob is charged whole to one tag, the one whose graph has the fewest layers, the first seen
 *   winning a tie. The sum over everything is what the registry stores, once.
 * - `uniqueSize`: the blobs that nothing else reaches: what deleting this alone lets garbage collection free.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sizes {
  readonly size: Bytes.Bytes
  readonly diskSize: Bytes.Bytes
  readonly uniqueSize: Bytes.Bytes
}

/**
 * The names of the sizes in the API, each with its key in `Sizes`.
 *
 * @category constants
 * @since 0.1.0
 */
export const sizeKeys = {
  size: "size",
  disk_size: "diskSize",
  unique_size: "uniqueSize"
} as const satisfies Record<string, keyof Sizes>

/**
 * The sums of several sizes, as of repositories or tags; what is unknown adds nothing.
 *
 * @category measuring
 * @since 0.1.0
 */
export const sumSizes = (all: Iterable<Sizes | undefined>): Sizes => {
  let [size, diskSize, uniqueSize] = [0, 0, 0]
  for (const sizes of all) {
    size += sizes?.size ?? 0
    diskSize += sizes?.diskSize ?? 0
    uniqueSize += sizes?.uniqueSize ?? 0
  }
  return { size: limited(size), diskSize: limited(diskSize), uniqueSize: limited(uniqueSize) }
}

/**
 * The measured inventory. Tags are numbered through all repositories in the inventory's order; repository `r` has the
 * tags `tagStarts[r] … tagStarts[r + 1]`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Usage {
  readonly accounting: Accounting
  readonly inventory: Inventory
  readonly tagStarts: Uint32Array
  /** Blob → the tag that is charged with it, −1 where none is. */
  readonly owners: Int32Array
  /** @internal */
  readonly graphs: Graphs
  /** @internal */
  readonly tree: Tree
  /** @internal Node of the tree → bytes; NaN where unknown. */
  readonly sizes: Float64Array
  /** @internal */
  readonly diskSizes: Float64Array
  /** @internal */
  readonly uniqueSizes: Float64Array
  /** @internal Node of the tree → the tags and lists at or below it that are unknown or incomplete. */
  readonly unread: Float64Array
  /** @internal Node of the tree → the gaps at or below it. */
  readonly gaps: Float64Array
}

/** A registry of more than 2^53 bytes is a lie of some descriptor: sums stay integers that JSON can carry. */
const limited = (sum: number): Bytes.Bytes => Bytes.make(Math.min(sum, Number.MAX_SAFE_INTEGER))

/** Each blob of a tag of known size goes to the graph with the fewest layers, ties to the first tag that has it. */
function* ownersOf(inventory: Inventory, graphs: Graphs): Sliced<Int32Array> {
  const owners = new Int32Array(inventory.blobs.digests.length).fill(-1)
  const count = graphs.firstTags.length
  // Graphs are numbered by their first tags. Sorting numbers is many times faster than sorting by a comparison.
  const order = Float64Array.from(graphs.layerCounts, (layers, graph) => layers * count + graph).sort()
  for (let i = 0; i < count; i++) {
    if (i % stride === 0) yield
    const graph = order[i]! % count
    if (graphs.known[graph] === 0) continue
    for (let at = graphs.starts[graph]!; at < graphs.starts[graph + 1]!; at++) {
      const blob = graphs.blobs[at]!
      if (owners[blob] === -1) owners[blob] = graphs.firstTags[graph]!
    }
  }
  return owners
}

/** Blob → the smallest node of the tree that holds every tag that reaches it, −1 where none does. */
function* commonNodesOf(inventory: Inventory, graphs: Graphs, tree: Tree): Sliced<Int32Array> {
  const graphNodes = new Int32Array(graphs.firstTags.length).fill(-1)
  graphs.tagGraphs.forEach((graph, tag) => {
    if (graph >= 0) graphNodes[graph] = graphNodes[graph] === -1 ? tag : tree.common(graphNodes[graph]!, tag)
  })
  const nodes = new Int32Array(inventory.blobs.digests.length).fill(-1)
  for (let graph = 0; graph < graphNodes.length; graph++) {
    if (graph % stride === 0) yield
    const node = graphNodes[graph]!
    for (let at = graphs.starts[graph]!; at < graphs.starts[graph + 1]!; at++) {
      const blob = graphs.blobs[at]!
      nodes[blob] = nodes[blob] === -1 ? node : tree.common(nodes[blob]!, node)
    }
  }
  return nodes
}

/** The gaps at or below each node, and what of it is unknown or incomplete. */
const unreadOf = ({ gaps, repositories }: Inventory, graphs: Graphs, tree: Tree) => {
  const counts = { gaps: new Float64Array(tree.count), unread: new Float64Array(tree.count) }
  graphs.tagGraphs.forEach((graph, tag) => {
    if (graph < 0 || graphs.known[graph] === 0) counts.unread[tag] = 1
  })
  repositories.forEach(({ unreadable }, r) => {
    if (unreadable) counts.unread[tree.repository(r)] = 1
  })
  for (const { digest, kept, repository, tag } of gaps) {
    const r = repository === undefined ? undefined : tree.repositoryNumbers.get(repository)
    const node = r === undefined ? tree.root : tree.repository(r)
    counts.gaps[node]!++
    // Other gaps are of a list: they leave out names, which nothing else counts.
    if (tag === undefined && digest === undefined && !kept) counts.unread[node] = 1
  }
  tree.addUp(counts.gaps)
  tree.addUp(counts.unread)
  return counts
}

/**
 * Measures an inventory. What could not be read has no size and adds nothing to any sum; what it is known to reach
 * still counts as in use, so that no `uniqueSize` promises too much on its account. A repository, a namespace or a
 * registry has no size where nothing in it was read.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measure = (inventory: Inventory, options?: { readonly accounting?: Accounting | undefined }): Usage =>
  atOnce(measuring(inventory, options))

/**
 * `measure` in slices.
 *
 * @category measuring
 * @since 0.1.0
 */
export function* measuring(
  inventory: Inventory,
  options?: { readonly accounting?: Accounting | undefined }
): Sliced<Usage> {
  const accounting = options?.accounting ?? "all"
  const tags = tagCount(inventory)
  const tagStarts = new Uint32Array(inventory.repositories.length + 1)
  inventory.repositories.forEach((repository, r) => {
    tagStarts[r + 1] = tagStarts[r]! + repository.tagNames.length
  })
  const graphs = yield* graphsOf(inventory, accounting, tags)
  const tree = treeOf(inventory, tagStarts)
  const owners = yield* ownersOf(inventory, graphs)

  const sizes = new Float64Array(tree.count)
  const diskSizes = new Float64Array(tree.count)
  const uniqueSizes = new Float64Array(tree.count)
  graphs.tagGraphs.forEach((graph, tag) => {
    if (graph >= 0 && graphs.known[graph] === 1) sizes[tag] = graphs.sizes[graph]!
  })
  const commonNodes = yield* commonNodesOf(inventory, graphs, tree)
  yield
  owners.forEach((owner, blob) => {
    if (owner === -1) return
    const size = inventory.blobs.sizes[blob]!
    diskSizes[owner]! += size
    uniqueSizes[commonNodes[blob]!]! += size
  })
  const { gaps, unread } = unreadOf(inventory, graphs, tree)
  for (const values of [sizes, diskSizes, uniqueSizes]) tree.addUp(values)
  for (let node = 0; node < tree.count; node++) {
    // Unreadable is never 0, at any height; "at least 0" is unknown too.
    const isUnknown = node < tags ? unread[node]! > 0 : sizes[node] === 0 && unread[node]! + gaps[node]! > 0
    if (isUnknown) sizes[node] = diskSizes[node] = uniqueSizes[node] = Number.NaN
  }
  return { accounting, inventory, tagStarts, owners, graphs, tree, sizes, diskSizes, uniqueSizes, unread, gaps }
}

const sizesAt = (usage: Usage, node: number): Sizes | undefined =>
  Number.isNaN(usage.sizes[node]!)
    ? undefined
    : {
        size: limited(usage.sizes[node]!),
        diskSize: limited(usage.diskSizes[node]!),
        uniqueSize: limited(usage.uniqueSizes[node]!)
      }

/**
 * The sizes of everything together, or `undefined` where nothing could be read. Here `uniqueSize` equals `diskSize`.
 *
 * @category getters
 * @since 0.1.0
 */
export const total = (usage: Usage): Sizes | undefined => sizesAt(usage, usage.tree.root)

/**
 * The sizes of repository `r`, or `undefined` where it could not be read.
 *
 * @category getters
 * @since 0.1.0
 */
export const repositorySizes = (usage: Usage, r: number): Sizes | undefined => sizesAt(usage, usage.tree.repository(r))

/**
 * The sizes of a tag, or `undefined` where some part of it could not be read.
 *
 * @category getters
 * @since 0.1.0
 */
export const tagSizes = (usage: Usage, tag: number): Sizes | undefined => sizesAt(usage, tag)

/**
 * The sizes of a namespace such as `group/subgroup`, or `undefined` where no repository lies under it or none could be
 * read. The sums leave out what could not be read.
 *
 * @category getters
 * @since 0.1.0
 */
export const namespaceSizes = (usage: Usage, path: string): Sizes | undefined => {
  const node = usage.tree.namespaces.get(path)
  return node === undefined ? undefined : sizesAt(usage, node)
}

/**
 * The bytes of layers that a tag refers to and that are stored elsewhere (each distinct one once). They are part of no
 * other figure.
 *
 * @category getters
 * @since 0.1.0
 */
export const foreignSize = (usage: Usage, tag: number): Bytes.Bytes => {
  const graph = usage.graphs.tagGraphs[tag]!
  return limited(graph < 0 ? 0 : usage.graphs.foreignSizes[graph]!)
}

/**
 * The blobs that a tag reaches, each once, as numbers of the inventory; under the accounting `layers` its layers only.
 *
 * @category getters
 * @since 0.1.0
 */
export const tagBlobs = (usage: Usage, tag: number): Uint32Array => {
  const graph = usage.graphs.tagGraphs[tag]!
  return graph < 0
    ? new Uint32Array(0)
    : usage.graphs.blobs.subarray(usage.graphs.starts[graph]!, usage.graphs.starts[graph + 1]!)
}

/**
 * What deleting all of these tags together would free, in bytes: the blobs that no other tag reaches.
 *
 * @category measuring
 * @since 0.1.0
 */
export const uniqueSizeOf = (usage: Usage, tags: Iterable<number>): Bytes.Bytes => {
  const { graphs, inventory, owners } = usage
  const chosen = new Map<number, number>()
  for (const tag of new Set(tags)) {
    const graph = graphs.tagGraphs[tag]
    if (graph !== undefined && graph >= 0) chosen.set(graph, (chosen.get(graph) ?? 0) + 1)
  }
  const reached = new Map<number, number>()
  for (const [graph, count] of chosen) {
    for (let at = graphs.starts[graph]!; at < graphs.starts[graph + 1]!; at++) {
      const blob = graphs.blobs[at]!
      reached.set(blob, (reached.get(blob) ?? 0) + count)
    }
  }
  let freed = 0
  for (const [blob, count] of reached) {
    if (count === graphs.tagCounts[blob] && owners[blob] !== -1) freed += inventory.blobs.sizes[blob]!
  }
  return limited(freed)
}

/**
 * How much of repository `r` is missing in its sizes: its tags of unknown size, and its list of tags where that is
 * incomplete. Where it is not 0, known sizes are the least that they can be.
 *
 * @category getters
 * @since 0.1.0
 */
export const repositoryUnread = (usage: Usage, r: number): number => usage.unread[usage.tree.repository(r)]!

/**
 * How much of a namespace is missing in its sizes, as `repositoryUnread`; of the whole registry for the empty path.
 *
 * @category getters
 * @since 0.1.0
 */
export const namespaceUnread = (usage: Usage, path: string): number =>
  usage.unread[usage.tree.namespaces.get(path) ?? -1] ?? 0

/**
 * The number of the tag of this name in repository `r`.
 *
 * @category getters
 * @since 0.1.0
 */
export const findTag = (usage: Usage, r: number, name: TagName): number | undefined => {
  const index = usage.inventory.repositories[r]?.tagNames.indexOf(name) ?? -1
  return index < 0 ? undefined : usage.tagStarts[r]! + index
}

/**
 * The number of the repository of this name.
 *
 * @category getters
 * @since 0.1.0
 */
export const findRepository = (usage: Usage, name: RepositoryName): number | undefined =>
  usage.tree.repositoryNumbers.get(name)
