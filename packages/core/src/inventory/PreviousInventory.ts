import { type Inventory, manifestDigest, manifestsByDigest, type Repository, State } from "./Inventory.ts"
import type { InventoryBuilder } from "./InventoryBuilder.ts"
import type { Digest } from "../registry/Digest.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"

/** A repository as an earlier crawl saw it. */
export interface PreviousRepository {
  /** The manifest, as a number of the earlier inventory, that the tag pointed to. */
  readonly manifest: (tag: TagName) => number | undefined
  /** Takes the whole repository over. */
  readonly copyInto: (builder: InventoryBuilder) => Repository
  /** Whether anything is known of it. */
  readonly readable: boolean
}

/** An earlier inventory, as far as a crawl can save requests with it. */
export interface PreviousInventory {
  readonly repository: (name: RepositoryName) => PreviousRepository | undefined
  /**
   * Takes a manifest over if it was read, and returns its children. Manifests never change, so what was read once is
   * still true; but a child that was missing or unread then may be there now. It is not taken over where the types of
   * such children are unknown, as in inventories of earlier releases.
   */
  readonly copyInto: (builder: InventoryBuilder, number: number) => ReadonlyArray<number> | undefined
  /** Whether the registry did not have the manifest. */
  readonly isAbsent: (digest: Digest) => boolean
}

const nothing: PreviousInventory = {
  repository: () => undefined,
  copyInto: () => undefined,
  isAbsent: () => false
}

const isRead = ({ manifests }: Inventory, manifest: number): boolean => manifests.states[manifest] === State.read

/** Whether each child that was not read has the media type of its descriptor. */
const knowsTypes = (inventory: Inventory, manifest: number): boolean => {
  const { childStarts, children, mediaTypeNames, mediaTypes } = inventory.manifests
  for (let at = childStarts[manifest]!; at < childStarts[manifest + 1]!; at++) {
    const child = children[at]!
    if (!isRead(inventory, child) && !mediaTypeNames[mediaTypes[child]!]) return false
  }
  return true
}

const absentIn = (inventory: Inventory): ReadonlySet<Digest> => {
  const found = new Set<Digest>()
  inventory.manifests.states.forEach((state, manifest) => {
    if (state === State.absent) found.add(manifestDigest(inventory, manifest))
  })
  return found
}

export const previousInventory = (inventory: Inventory | undefined): PreviousInventory => {
  if (inventory === undefined) return nothing
  const manifests = manifestsByDigest(inventory)
  const absent = absentIn(inventory)
  const repositories = new Map(inventory.repositories.map((repository) => [repository.name, repository]))
  return {
    repository: (name) => {
      const repository = repositories.get(name)
      if (repository === undefined) return undefined
      const tags = new Map(repository.tagNames.map((tag, i) => [tag, repository.tagManifests[i]!]))
      return {
        manifest: (tag) => {
          const manifest = tags.get(tag)
          return manifest === undefined || manifest < 0 ? undefined : manifest
        },
        copyInto: (builder) => ({
          ...repository,
          tagManifests: repository.tagManifests.map((manifest) =>
            manifest < 0 ? -1 : builder.copy(inventory, manifest)
          )
        }),
        readable: !repository.unreadable
      }
    },
    copyInto: (builder, number) => {
      const manifest = manifests.get(builder.digest(number))
      return manifest === undefined || !knowsTypes(inventory, manifest)
        ? undefined
        : builder.copyOne(inventory, manifest)
    },
    isAbsent: (digest) => absent.has(digest)
  }
}
