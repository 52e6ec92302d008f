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

/**
 * Which manifests of an earlier inventory are read again although their content is known, because the registry may have
 * deleted them since: all, or those of a round, which is a whole number. In any `rounds` successive rounds each manifest
 * that no tag names is due at least once.
 */
export type Verification = "all" | number

/** The number of rounds that read every manifest which no tag names. If there are at most `few` of them, each round reads all. */
export const rounds = 10
const few = 1000

/** An earlier inventory, as far as a crawl can save requests with it. */
export interface PreviousInventory {
  readonly repository: (name: RepositoryName) => PreviousRepository | undefined
  /**
   * Takes a manifest over if it was read and is not due to be read again, and returns its children. Manifests never
   * change, so what was read once is still true; but a child that was missing or unread then may be there now. It is not
   * taken over where the types of such children are unknown, as in inventories of earlier releases.
   */
  readonly copyInto: (builder: InventoryBuilder, number: number) => ReadonlyArray<number> | undefined
  /** Takes a manifest over even where it is due, because it could not be read now. */
  readonly keepInto: (builder: InventoryBuilder, number: number) => ReadonlyArray<number> | undefined
  /** Whether the registry did not have the manifest, unless everything is read again. */
  readonly isAbsent: (digest: Digest) => boolean
}

const nothing: PreviousInventory = {
  repository: () => undefined,
  copyInto: () => undefined,
  keepInto: () => undefined,
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

/** A digest is random enough for rounds of about the same size. */
const roundOf = (digest: Digest): number => (Number.parseInt(digest.slice(-8), 16) || 0) % rounds

const dueIn = (
  inventory: Inventory,
  manifests: ReadonlyMap<Digest, number>,
  verify: Verification | undefined
): ((manifest: number) => boolean) => {
  if (verify === undefined) return () => false
  if (verify === "all") return () => true
  const tagged = new Uint8Array(inventory.manifests.blobs.length)
  for (const { tagManifests } of inventory.repositories) {
    for (const manifest of tagManifests) if (manifest >= 0) tagged[manifest] = 1
  }
  let untagged = 0
  for (const manifest of manifests.values()) untagged += 1 - tagged[manifest]!
  return (manifest) =>
    tagged[manifest] === 0 && (untagged <= few || roundOf(manifestDigest(inventory, manifest)) === verify % rounds)
}

export const previousInventory = (
  inventory: Inventory | undefined,
  verify?: Verification | undefined
): PreviousInventory => {
  if (inventory === undefined) return nothing
  const manifests = manifestsByDigest(inventory)
  const absent = absentIn(inventory)
  const repositories = new Map(inventory.repositories.map((repository) => [repository.name, repository]))
  const isDue = dueIn(inventory, manifests, verify)
  const copied =
    (isWanted: (manifest: number) => boolean): PreviousInventory["copyInto"] =>
    (builder, number) => {
      const manifest = manifests.get(builder.digest(number))
      return manifest !== undefined && isWanted(manifest) ? builder.copyOne(inventory, manifest) : undefined
    }
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
    copyInto: copied((manifest) => !isDue(manifest) && knowsTypes(inventory, manifest)),
    keepInto: copied(() => true),
    isAbsent: (digest) => verify !== "all" && absent.has(digest)
  }
}
