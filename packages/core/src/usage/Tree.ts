import type { Inventory } from "../inventory/Inventory.ts"
import { namespaceOf, type RepositoryName } from "../registry/Names.ts"

/**
 * The tree registry → namespaces → repositories → tags as numbers: first all tags, then all repositories, then the
 * namespaces, of which the first is the whole registry.
 */
export interface Tree {
  readonly count: number
  readonly root: number
  readonly repository: (r: number) => number
  /** Path → node, each namespace after the one that it lies in. */
  readonly namespaces: ReadonlyMap<string, number>
  readonly repositoryNumbers: ReadonlyMap<RepositoryName, number>
  /** The smallest node that holds both. */
  readonly common: (a: number, b: number) => number
  /** Adds the value of each node to all nodes above it. */
  readonly addUp: (values: Float64Array) => void
}

export const treeOf = (inventory: Inventory, tagStarts: Uint32Array): Tree => {
  const { repositories } = inventory
  const tags = tagStarts[repositories.length]!
  const root = tags + repositories.length

  const namespaces = new Map<string, number>([["", root]])
  const namespaceParents = [-1]
  const namespaceDepths = [0]
  const namespace = (path: string): number => {
    const known = namespaces.get(path)
    if (known !== undefined) return known
    const parent = namespace(namespaceOf(path))
    const node = root + namespaceParents.length
    namespaces.set(path, node)
    namespaceParents.push(parent)
    namespaceDepths.push(namespaceDepths[parent - root]! + 1)
    return node
  }
  const repositoryParents = repositories.map(({ name }) => namespace(namespaceOf(name)))

  const count = root + namespaceParents.length
  const parents = new Int32Array(count)
  const depths = new Uint16Array(count)
  parents.set(namespaceParents, root)
  depths.set(namespaceDepths, root)
  repositoryParents.forEach((parent, r) => {
    parents[tags + r] = parent
    depths[tags + r] = depths[parent]! + 1
    parents.fill(tags + r, tagStarts[r]!, tagStarts[r + 1]!)
    depths.fill(depths[tags + r]! + 1, tagStarts[r]!, tagStarts[r + 1]!)
  })

  return {
    count,
    root,
    repository: (r) => tags + r,
    namespaces,
    repositoryNumbers: new Map(repositories.map(({ name }, r) => [name, r])),
    common: (a, b) => {
      while (a !== b) {
        if (depths[a]! >= depths[b]!) a = parents[a]!
        else b = parents[b]!
      }
      return a
    },
    addUp: (values) => {
      for (let node = 0; node < root; node++) values[parents[node]!]! += values[node]!
      // A namespace is numbered after the one it lies in.
      for (let node = count - 1; node > root; node--) values[parents[node]!]! += values[node]!
    }
  }
}
