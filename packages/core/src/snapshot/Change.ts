/**
 * Changes of which a registry notifies.
 *
 * @since 0.1.0
 */
import { type Inventory, manifestDigest, type Repository } from "../inventory/Inventory.ts"
import type { Digest } from "../registry/Digest.ts"
import { isRepositoryName, type RepositoryName, type TagName } from "../registry/Names.ts"

/**
 * Something changed in a repository. With a tag, the tag points to `digest` now. With `isDeleted`, the tag is gone or
 * points elsewhere; without a tag no tag points to `digest` any more, and without both the repository is gone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly repository: RepositoryName
  readonly tag?: TagName | undefined
  readonly digest?: Digest | undefined
  readonly isDeleted?: boolean | undefined
}

/**
 * Whether it can be seen in the registry that the change has happened. A push without a tag changes nothing that is seen.
 *
 * @category guards
 * @since 0.1.0
 */
export const isVerifiable = ({ isDeleted, tag }: Change): boolean => isDeleted === true || tag !== undefined

/**
 * Whether the inventory shows the change. `repository` is the one of the change, undefined where the inventory has none.
 *
 * @category guards
 * @since 0.1.0
 */
export const isShown = (change: Change, inventory: Inventory, repository: Repository | undefined): boolean => {
  const { digest, isDeleted, tag } = change
  if (!isVerifiable(change)) return true
  if (repository === undefined) return isDeleted === true
  if (repository.unreadable || repository.stale) return false
  const digestAt = (i: number) => {
    const manifest = repository.tagManifests[i]!
    return manifest < 0 ? undefined : manifestDigest(inventory, manifest)
  }
  if (tag === undefined) {
    // A tag whose manifest is gone may be about to go as well.
    const digests = Array.from(repository.tagManifests, (_, i) => digestAt(i))
    return digest !== undefined && !digests.includes(undefined) && !digests.includes(digest)
  }
  const i = repository.tagNames.indexOf(tag)
  if (i < 0) return isDeleted === true
  const found = digestAt(i)
  if (isDeleted === true) return digest !== undefined && found !== undefined && found !== digest
  return found !== undefined && (digest === undefined || found === digest)
}

/**
 * The changes of a rename, of the path itself and of everything below it: a namespace or a repository.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofRename = (inventory: Inventory | undefined, from: string, to: string): ReadonlyArray<Change> => {
  const isBelow = (root: string, name: string) => name === root || name.startsWith(`${root}/`)
  const moved = (inventory?.repositories ?? []).flatMap((repository): ReadonlyArray<Change> => {
    const { name, tagManifests, tagNames } = repository
    if (isBelow(to, name)) return [{ repository: name }]
    if (!isBelow(from, name)) return []
    const target = to + name.slice(from.length)
    // One tag shows that the repository has moved.
    const i = tagManifests.findIndex((manifest) => manifest >= 0)
    const shown = i < 0 ? {} : { tag: tagNames[i]!, digest: manifestDigest(inventory!, tagManifests[i]!) }
    return [
      { repository: name, isDeleted: true },
      ...(isRepositoryName(target) ? [{ repository: target, ...shown }] : [])
    ]
  })
  return [...[from, to].filter(isRepositoryName).map((repository) => ({ repository })), ...moved]
}
