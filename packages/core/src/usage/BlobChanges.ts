/**
 * The bytes that came to a registry and those that left it, between two states.
 *
 * The disk size of a repository also changes when a blob that it shares is charged to another tag. What is new to the
 * registry does not depend on that: it is found blob by blob.
 *
 * @since 0.1.0
 */
import type { Digest } from "../registry/Digest.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import { repositoryUnread, tagSizes, type Usage } from "./Usage.ts"

/**
 * What changed in a repository, in bytes.
 *
 * - `newBytes`: blobs that the registry did not have before, charged to this repository now.
 * - `freedBytes`: blobs that the registry no longer has, charged to this repository before.
 * - `unreadBytes`: blobs of tags that could be read only after (counted positive) or only before (negative). Whether
 *   they came or left is unknown.
 *
 * @category models
 * @since 0.1.0
 */
export interface BlobChanges {
  readonly newBytes: number
  readonly freedBytes: number
  readonly unreadBytes: number
}

/**
 * No change.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: BlobChanges = { newBytes: 0, freedBytes: 0, unreadBytes: 0 }

/**
 * The changes of two repositories together.
 *
 * @category combining
 * @since 0.1.0
 */
export const sum = (a: BlobChanges, b: BlobChanges): BlobChanges => ({
  newBytes: a.newBytes + b.newBytes,
  freedBytes: a.freedBytes + b.freedBytes,
  unreadBytes: a.unreadBytes + b.unreadBytes
})

/**
 * The part of a change of the disk size that is neither new nor freed, nor was unknown before or after: blobs that the
 * registry had before and has still, and that are charged to something else now.
 *
 * @category getters
 * @since 0.1.0
 */
export const movedBytes = (change: number, { freedBytes, newBytes, unreadBytes }: BlobChanges): number =>
  change - newBytes + freedBytes - unreadBytes

/** What one state has and the other does not, by the repository that is charged with it. */
interface Difference {
  bytes: number
  unread: number
}

/** Returns whether a tag is in the state `usage` and could not be read there. */
const unreadTags = (usage: Usage): ((name: RepositoryName, tag: TagName) => boolean) => {
  const unread = new Map<RepositoryName, ReadonlySet<TagName> | "all">()
  usage.inventory.repositories.forEach(({ name, tagNames, unreadable }, r) => {
    if (repositoryUnread(usage, r) === 0) return
    const isUnread = (_: TagName, i: number) => tagSizes(usage, usage.tagStarts[r]! + i) === undefined
    unread.set(name, unreadable ? "all" : new Set(tagNames.filter(isUnread)))
  })
  return (name, tag) => {
    const tags = unread.get(name)
    return tags === "all" || tags?.has(tag) === true
  }
}

/** The digests of all blobs that tags reach. */
const reachedDigests = ({ graphs, inventory }: Usage): ReadonlySet<Digest> => {
  const reached = new Set<Digest>()
  graphs.tagCounts.forEach((tags, blob) => {
    if (tags > 0) reached.add(inventory.blobs.digests[blob]!)
  })
  return reached
}

/** The blobs of `usage` that `other` does not have. */
const difference = (usage: Usage, other: Usage): ReadonlyMap<RepositoryName, Difference> => {
  const { blobs, repositories } = usage.inventory
  const known = reachedDigests(other)
  const isUnread = unreadTags(other)
  const repositoryOf = new Uint32Array(usage.tagStarts.at(-1) ?? 0)
  repositories.forEach((_, r) => repositoryOf.fill(r, usage.tagStarts[r]!, usage.tagStarts[r + 1]!))
  const found = new Map<RepositoryName, Difference>()
  usage.owners.forEach((owner, blob) => {
    if (owner < 0 || known.has(blobs.digests[blob]!)) return
    const r = repositoryOf[owner]!
    const { name, tagNames } = repositories[r]!
    let sums = found.get(name)
    if (sums === undefined) found.set(name, (sums = { bytes: 0, unread: 0 }))
    sums[isUnread(name, tagNames[owner - usage.tagStarts[r]!]!) ? "unread" : "bytes"] += blobs.sizes[blob]!
  })
  return found
}

/**
 * The repositories to which bytes came, or that lost some. The accounting of both states is the same.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compare = (before: Usage, after: Usage): ReadonlyMap<RepositoryName, BlobChanges> => {
  const came = difference(after, before)
  const left = difference(before, after)
  return new Map(
    Array.from(new Set([...came.keys(), ...left.keys()]), (name) => [
      name,
      {
        newBytes: came.get(name)?.bytes ?? 0,
        freedBytes: left.get(name)?.bytes ?? 0,
        unreadBytes: (came.get(name)?.unread ?? 0) - (left.get(name)?.unread ?? 0)
      }
    ])
  )
}
