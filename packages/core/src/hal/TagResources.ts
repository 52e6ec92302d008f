import type { Resource } from "./Hal.ts"
import type * as Listing from "./Listing.ts"
import * as TagContents from "../usage/TagContents.ts"
import * as Usage from "../usage/Usage.ts"
import { everything, itemLinks, listPage, matchingState } from "./ListResource.ts"
import { sizesState } from "./SizesState.ts"
import { atOf, imageHref, tagPath, tagsPath, type View } from "./View.ts"

const repositoryAt = (view: View, r: number) => view.snapshot.usage.inventory.repositories[r]!

/**
 * The tags of image number `r`.
 *
 * @category resources
 * @since 0.1.0
 */
export const tags = (view: View, r: number, selection: Listing.Selection = everything): Resource => {
  const { name, tagNames, unreadable } = repositoryAt(view, r)
  const { usage } = view.snapshot
  const start = usage.tagStarts[r]!
  const list = listPage(
    view,
    tagsPath(view, name),
    {
      count: tagNames.length,
      nameOf: (i) => tagNames[i]!,
      sizesOf: (i) => Usage.tagSizes(usage, start + i)
    },
    selection
  )
  return {
    state: matchingState(selection, list.matching),
    links: () => ({
      ...list.links,
      up: { href: imageHref(view, name) },
      ...itemLinks(
        list.numbers.map((i) => ({ href: `${tagPath(view, name, tagNames[i]!)}${atOf(view)}`, title: tagNames[i]! }))
      )
    }),
    embedded: unreadable ? {} : { items: () => list.numbers.map((i) => tagItem(view, r, start + i)) }
  }
}

/** A tag as its list shows it: the sizes alone, so that a list of all tags stays small. */
const tagItem = (view: View, r: number, number: number): Resource => {
  const { usage } = view.snapshot
  const { name, tagNames } = repositoryAt(view, r)
  const tagName = tagNames[number - usage.tagStarts[r]!]!
  const foreign = Usage.foreignSize(usage, number)
  const href = tagPath(view, name, tagName)
  return {
    state: {
      name: tagName,
      ...sizesState(Usage.tagSizes(usage, number)),
      ...(foreign > 0 ? { foreign_size: foreign } : {})
    },
    links: () => {
      const at = atOf(view)
      return {
        self: { href: `${href}${at}` },
        collection: { href: `${tagsPath(view, name)}${at}` },
        blobs: { href: `${href}/blobs${at}` }
      }
    },
    embedded: {}
  }
}

/**
 * Tag number `number` of the snapshot, in image number `r`. Its sizes are in bytes, all `null` where some part of it
 * could not be read. `foreign_size` are the bytes of layers that are stored elsewhere, where it has any; `digest`,
 * `media_type` and `layers` are those of its manifest, where that is known. A list of tags embeds the sizes alone.
 *
 * @category resources
 * @since 0.1.0
 */
export const tag = (view: View, r: number, number: number): Resource => {
  const item = tagItem(view, r, number)
  const manifest = TagContents.tagManifest(view.snapshot.usage, r, number)
  return {
    ...item,
    state: {
      ...item.state,
      ...(manifest === undefined ? {} : { digest: manifest.digest, layers: manifest.layers }),
      ...(manifest?.mediaType === undefined ? {} : { media_type: manifest.mediaType })
    }
  }
}

/**
 * The blobs that tag number `number` in image number `r` reaches: how many (`count`), how large together (`size`, bytes),
 * and each with what it is to the tag, which tag is charged with it, and which others share it (the first ten).
 *
 * @category resources
 * @since 0.1.0
 */
export const blobs = (view: View, r: number, number: number): Resource => {
  const { usage } = view.snapshot
  const { name, tagNames } = repositoryAt(view, r)
  const found = TagContents.blobsOf(usage, r, number)
  const href = tagPath(view, name, tagNames[number - usage.tagStarts[r]!]!)
  const at = atOf(view)
  return {
    state: { count: found.length, size: Usage.tagSizes(usage, number)?.size ?? null },
    links: () => ({ self: { href: `${href}/blobs${at}` }, up: { href: `${href}${at}` } }),
    embedded: {
      items: () =>
        found.map((blob) => ({
          state: {
            digest: blob.digest,
            size: blob.size,
            role: blob.role,
            ...(blob.mediaType === undefined ? {} : { media_type: blob.mediaType }),
            tags: blob.tags,
            owner: blob.owner === undefined ? null : { ...blob.owner },
            owned: blob.owned,
            unique: blob.tags === 1,
            shared_with: blob.sharedWith.map((tag) => ({ ...tag }))
          },
          // A blob has no document of its own: it is a part of this one.
          links: () => ({
            self: { href: `${href}/blobs${at}#${blob.digest}` },
            ...(blob.owner === undefined
              ? {}
              : { owner: { href: `${tagPath(view, blob.owner.image, blob.owner.tag)}${at}` } })
          }),
          embedded: {}
        }))
    }
  }
}
