import { type Inventory, manifestsByDigest, type Repository } from "./Inventory.ts"
import type { InventoryBuilder } from "./InventoryBuilder.ts"
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
   * still true; but a child that was missing or unread then may be there now.
   */
  readonly copyInto: (builder: InventoryBuilder, number: number) => ReadonlyArray<number> | undefined
}

const nothing: PreviousInventory = { repository: () => undefined, copyInto: () => undefined }

export const previousInventory = (inventory: Inventory | undefined): PreviousInventory => {
  if (inventory === undefined) return nothing
  const manifests = manifestsByDigest(inventory)
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
      return manifest === undefined ? undefined : builder.copyOne(inventory, manifest)
    }
  }
}
