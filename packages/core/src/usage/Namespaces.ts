/**
 * The groups of GitLab as far as images lie in them: what each holds, directly and in all.
 *
 * @since 0.1.0
 */
import { namespaceOf } from "../registry/Names.ts"
import { namespaceSizes, type Sizes, type Usage } from "./Usage.ts"

/**
 * A namespace such as `group/subgroup`; the whole registry is the one with the empty path. `namespaces` and
 * `repositories` lie directly in it; the counts are of everything below. `gaps` counts what could not be read.
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

interface Growing {
  readonly namespaces: Array<string>
  readonly repositories: Array<number>
  images: number
  tags: number
  gaps: number
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))

const all = (usage: Usage): ReadonlyMap<string, Growing> => {
  const found = new Map<string, Growing>()
  const at = (path: string): Growing => {
    const known = found.get(path)
    if (known !== undefined) return known
    const made: Growing = { namespaces: [], repositories: [], images: 0, tags: 0, gaps: 0 }
    found.set(path, made)
    if (path !== "") at(parentOf(path)).namespaces.push(path)
    return made
  }
  const upwards = (path: string, add: (namespace: Growing) => void): void => {
    add(at(path))
    if (path !== "") upwards(parentOf(path), add)
  }
  at("")
  usage.inventory.repositories.forEach(({ name, tagNames }, r) => {
    at(namespaceOf(name)).repositories.push(r)
    upwards(namespaceOf(name), (namespace) => {
      namespace.images++
      namespace.tags += tagNames.length
    })
  })
  for (const gap of usage.inventory.gaps) upwards(namespaceOf(gap.repository), (namespace) => namespace.gaps++)
  return found
}

const known = new WeakMap<Usage, ReadonlyMap<string, Growing>>()

/**
 * The namespace with this path, or `undefined` where no image lies in it.
 *
 * @category getters
 * @since 0.1.0
 */
export const namespaceAt = (usage: Usage, path: string): Namespace | undefined => {
  let namespaces = known.get(usage)
  if (namespaces === undefined) known.set(usage, (namespaces = all(usage)))
  const namespace = namespaces.get(path)
  return namespace === undefined ? undefined : { path, sizes: namespaceSizes(usage, path), ...namespace }
}
