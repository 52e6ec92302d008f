/**
 * What changed between two states of a registry.
 *
 * @since 0.1.0
 */
import { manifestDigest, type Repository } from "../inventory/Inventory.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import { repositorySizes, type Sizes, type Usage } from "./Usage.ts"

/**
 * A repository before and after. `before` and `after` are undefined where it was not there, null where it could not be
 * read. A tag was `moved` when it points to another manifest than before.
 *
 * @category models
 * @since 0.1.0
 */
export interface RepositoryDiff {
  readonly name: RepositoryName
  readonly before: Sizes | null | undefined
  readonly after: Sizes | null | undefined
  readonly tagsAdded: ReadonlyArray<TagName>
  readonly tagsRemoved: ReadonlyArray<TagName>
  readonly tagsMoved: ReadonlyArray<TagName>
}

/**
 * The digest of each tag, undefined where it is not known; undefined for a repository that is not there or that could
 * not be listed, of whose tags nothing can be said.
 */
const tagsOf = ({ inventory }: Usage, repository: Repository | undefined) =>
  repository === undefined || repository.unreadable
    ? undefined
    : new Map(
        repository.tagNames.map((tag, i) => {
          const manifest = repository.tagManifests[i]!
          return [tag, manifest < 0 ? undefined : manifestDigest(inventory, manifest)] as const
        })
      )

/**
 * Compares two usages, repository by repository: first those of `after` in its order, then those that are gone. A
 * repository in which nothing changed is left out. `diskSize` can change without a change in the repository, when a blob
 * is charged to another one; only the totals show what the registry gained.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compare = (before: Usage, after: Usage): ReadonlyArray<RepositoryDiff> => {
  const numbers = ({ inventory }: Usage) => new Map(inventory.repositories.map(({ name }, r) => [name, r]))
  const [numbersBefore, numbersAfter] = [numbers(before), numbers(after)]
  const names = new Set([...numbersAfter.keys(), ...numbersBefore.keys()])
  return Array.from(names, (name): RepositoryDiff => {
    const [r, s] = [numbersBefore.get(name), numbersAfter.get(name)]
    const absent = new Map<TagName, undefined>()
    const was = r === undefined ? absent : tagsOf(before, before.inventory.repositories[r])
    const is = s === undefined ? absent : tagsOf(after, after.inventory.repositories[s])
    const isKnown = was !== undefined && is !== undefined
    return {
      name,
      before: r === undefined ? undefined : (repositorySizes(before, r) ?? null),
      after: s === undefined ? undefined : (repositorySizes(after, s) ?? null),
      tagsAdded: isKnown ? [...is.keys()].filter((tag) => !was.has(tag)) : [],
      tagsRemoved: isKnown ? [...was.keys()].filter((tag) => !is.has(tag)) : [],
      tagsMoved: isKnown
        ? [...is].flatMap(([tag, digest]) => {
            const other = was.get(tag)
            return digest !== undefined && other !== undefined && digest !== other ? [tag] : []
          })
        : []
    }
  }).filter(
    ({ after, before, tagsAdded, tagsMoved, tagsRemoved }) =>
      tagsAdded.length + tagsRemoved.length + tagsMoved.length > 0 ||
      before?.diskSize !== after?.diskSize ||
      before?.uniqueSize !== after?.uniqueSize ||
      before?.size !== after?.size ||
      (before === null) !== (after === null) ||
      (before === undefined) !== (after === undefined)
  )
}
