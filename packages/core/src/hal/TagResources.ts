import * as Hal from "./Hal.ts"
import type * as Listing from "./Listing.ts"
import * as TagContents from "../usage/TagContents.ts"
import * as Usage from "../usage/Usage.ts"
import { listPage } from "./ListResource.ts"
import { sizesState } from "./SizesState.ts"
import { atOf, imageHref, tagPath, tagsPath, type View } from "./View.ts"

const repositoryAt = (view: View, r: number) => view.snapshot.usage.inventory.repositories[r]!

/** Tag number `number` of image number `r`: its name and its path. */
const pathAt = (view: View, r: number, number: number) => {
  const { name, tagNames } = repositoryAt(view, r)
  const tagName = tagNames[number - view.snapshot.usage.tagStarts[r]!]!
  return { tagName, path: tagPath(view, name, tagName) }
}

/**
 * The tags of image number `r`.
 *
 * @category resources
 * @since 0.1.0
 */
export const tags = (view: View, r: number, selection: Listing.Selection = {}): Hal.Resource => {
  const { name, tagNames, unreadable } = repositoryAt(view, r)
  const { usage } = view.snapshot
  const start = usage.tagStarts[r]!
  const list: Listing.List = {
    count: tagNames.length,
    nameOf: (i) => tagNames[i]!,
    sizesOf: (i) => Usage.tagSizes(usage, start + i)
  }
  const { links, matching, numbers } = listPage(view, tagsPath(view, name), list, selection)
  return Hal.make({
    state: { matching },
    links: () => ({
      ...links,
      up: imageHref(view, name),
      items: numbers.map((i) => ({ href: `${tagPath(view, name, tagNames[i]!)}${atOf(view)}`, title: tagNames[i]! }))
    }),
    embedded: { items: unreadable ? undefined : () => numbers.map((i) => tagItem(view, r, start + i)) }
  })
}

/** A tag in a list: the sizes alone, so that a list of all tags stays small. */
const tagItem = (view: View, r: number, number: number): Hal.Resource => {
  const { usage } = view.snapshot
  const { path, tagName } = pathAt(view, r, number)
  return Hal.make({
    state: {
      name: tagName,
      ...sizesState(Usage.tagSizes(usage, number)),
      foreign_size: Usage.foreignSize(usage, number) || undefined
    },
    links: () => ({
      self: `${path}${atOf(view)}`,
      collection: `${tagsPath(view, repositoryAt(view, r).name)}${atOf(view)}`,
      blobs: `${path}/blobs${atOf(view)}`
    })
  })
}

/**
 * Tag number `number` of the snapshot, in image number `r`. Its sizes are in bytes, all `null` where some part of it
 * could not be read. `foreign_size` are the bytes of its layers that are stored elsewhere, where it has any; `digest`,
 * `media_type` and `layers` are those of its manifest, where that is known. A list of tags embeds the sizes alone.
 *
 * @category resources
 * @since 0.1.0
 */
export const tag = (view: View, r: number, number: number): Hal.Resource => {
  const { links, state } = tagItem(view, r, number)
  const manifest = TagContents.tagManifest(view.snapshot.usage, r, number)
  return Hal.make({
    links,
    state: { ...state, digest: manifest?.digest, layers: manifest?.layers, media_type: manifest?.mediaType }
  })
}

/**
 * The blobs that tag number `number` in image number `r` reaches: their number (`count`) and `size` together (bytes), and
 * for each its role in the tag, the tag that is charged with it, and the first ten others that share it.
 *
 * @category resources
 * @since 0.1.0
 */
export const blobs = (view: View, r: number, number: number): Hal.Resource => {
  const { usage } = view.snapshot
  const found = TagContents.blobsOf(usage, r, number)
  const { path } = pathAt(view, r, number)
  const self = `${path}/blobs${atOf(view)}`
  const item = ({ digest, mediaType, owned, owner, role, sharedWith, size, tags }: TagContents.TagBlob) =>
    Hal.make({
      state: {
        digest,
        size,
        role,
        media_type: mediaType,
        tags,
        owner: owner === undefined ? null : { ...owner },
        owned,
        unique: tags === 1,
        shared_with: sharedWith.map((tag) => ({ ...tag }))
      },
      // A blob has no document of its own: it is a part of this one.
      links: () => ({
        self: `${self}#${digest}`,
        owner: owner === undefined ? undefined : `${tagPath(view, owner.image, owner.tag)}${atOf(view)}`
      })
    })
  return Hal.make({
    state: { count: found.length, size: Usage.tagSizes(usage, number)?.size ?? null },
    links: () => ({ self, up: `${path}${atOf(view)}` }),
    embedded: { items: () => found.map(item) }
  })
}
