/**
 * The namespaces of a registry: GitLab's groups as far as images lie in them.
 *
 * @since 0.1.0
 */
import { Function } from "effect"
import { namespaceOf } from "../registry/Names.ts"
import { namespaceSizes, type Sizes, type Usage } from "./Usage.ts"

/**
 * A namespace such as `group/subgroup`; the whole registry has the empty path. `namespaces` and `repositories` lie directly
 * in it; the counts are of everything below. `gaps` is the number of things that could not be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Namespace {
  readonly path: string
  readonly sizes: Sizes | undefined
  readonly namespaces: ReadonlyArray<string>
  readonly repositories: ReadonlyArray<number>
  readonly images: number
  readonly tags: number
  readonly gaps: number
}

const namespacesOf = Function.memoize((usage: Usage) => {
  const empty = (path: string, node: number) => ({
    path,
    sizes: namespaceSizes(usage, path),
    namespaces: new Array<string>(),
    repositories: new Array<number>(),
    images: 0,
    tags: 0,
    gaps: usage.gaps[node]!
  })
  const found = new Map(Array.from(usage.tree.namespaces, ([path, node]) => [path, empty(path, node)]))
  const upwards = (path: string, add: (namespace: ReturnType<typeof empty>) => void): void => {
    const namespace = found.get(path)
    if (namespace !== undefined) add(namespace)
    if (path !== "") upwards(namespaceOf(path), add)
  }
  for (const path of found.keys()) if (path !== "") found.get(namespaceOf(path))!.namespaces.push(path)
  usage.inventory.repositories.forEach(({ name, tagNames }, r) => {
    found.get(namespaceOf(name))!.repositories.push(r)
    upwards(namespaceOf(name), (namespace) => {
      namespace.images++
      namespace.tags += tagNames.length
    })
  })
  return found
})

/**
 * The paths of all namespaces, each after the one that it lies in. The first is that of the whole registry, which is empty.
 *
 * @category getters
 * @since 0.1.0
 */
export const namespacePaths = (usage: Usage): ReadonlyArray<string> => [...usage.tree.namespaces.keys()]

/**
 * The namespace with this path, or `undefined` where no image lies in it.
 *
 * @category getters
 * @since 0.1.0
 */
export const namespaceAt = (usage: Usage, path: string): Namespace | undefined => namespacesOf(usage).get(path)
