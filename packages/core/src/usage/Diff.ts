/**
 * What changed between two states of a registry.
 *
 * @since 0.1.0
 */
import { manifestDigest } from "../inventory/Inventory.ts"
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
 * A repository in one of the two states. `sizes` is null where it could not be read. `tags` maps each tag to a version,
 * such as the digest of its manifest, undefined where it is unknown; `tags` is undefined where the list of tags is unknown.
 *
 * @category models
 * @since 0.1.0
 */
export interface RepositoryState {
  readonly sizes: Sizes | null
  readonly tags: ReadonlyMap<TagName, string | number | undefined> | undefined
}

const compareRepository = (
  name: RepositoryName,
  before: RepositoryState | undefined,
  after: RepositoryState | undefined
): RepositoryDiff => {
  const absent = new Map<TagName, undefined>()
  const was = before === undefined ? absent : before.tags
  const is = after === undefined ? absent : after.tags
  const isKnown = was !== undefined && is !== undefined
  return {
    name,
    before: before?.sizes,
    after: after?.sizes,
    tagsAdded: isKnown ? [...is.keys()].filter((tag) => !was.has(tag)) : [],
    tagsRemoved: isKnown ? [...was.keys()].filter((tag) => !is.has(tag)) : [],
    tagsMoved: isKnown
      ? [...is].flatMap(([tag, version]) => {
          const other = was.get(tag)
          return version !== undefined && other !== undefined && version !== other ? [tag] : []
        })
      : []
  }
}

/**
 * Compares two states, repository by repository: first those of `after` in its order, then those that are gone. A
 * repository in which nothing changed is left out.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compareStates = (
  before: ReadonlyMap<RepositoryName, RepositoryState>,
  after: ReadonlyMap<RepositoryName, RepositoryState>
): ReadonlyArray<RepositoryDiff> =>
  Array.from(new Set([...after.keys(), ...before.keys()]), (name) =>
    compareRepository(name, before.get(name), after.get(name))
  ).filter(
    ({ after, before, tagsAdded, tagsMoved, tagsRemoved }) =>
      tagsAdded.length + tagsRemoved.length + tagsMoved.length > 0 ||
      before?.diskSize !== after?.diskSize ||
      before?.uniqueSize !== after?.uniqueSize ||
      before?.size !== after?.size ||
      (before === null) !== (after === null) ||
      (before === undefined) !== (after === undefined)
  )

const statesOf = (usage: Usage): ReadonlyMap<RepositoryName, RepositoryState> => {
  const { inventory } = usage
  return new Map(
    inventory.repositories.map(({ name, tagManifests, tagNames, unreadable }, r) => {
      const digestOf = (manifest: number) => (manifest < 0 ? undefined : manifestDigest(inventory, manifest))
      const tags = unreadable ? undefined : new Map(tagNames.map((tag, i) => [tag, digestOf(tagManifests[i]!)]))
      return [name, { sizes: repositorySizes(usage, r) ?? null, tags }]
    })
  )
}

/**
 * Compares two usages as `compareStates` does; a tag is moved when its digest changed. `diskSize` can change without a
 * change in the repository, when a blob is charged to another one; only the totals show what the registry gained.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compare = (before: Usage, after: Usage): ReadonlyArray<RepositoryDiff> =>
  compareStates(statesOf(before), statesOf(after))
