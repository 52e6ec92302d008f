/**
 * The resources of the API as HAL: all images, an image, its tags, a tag, the blobs of a tag.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import type { Link, Resource } from "./Hal.ts"
import * as Listing from "./Listing.ts"
import { type RepositoryName, namespaceOf, type TagName } from "./Names.ts"
import { type Snapshot, timestamp } from "./Snapshot.ts"
import * as TagContents from "./TagContents.ts"
import * as Usage from "./Usage.ts"

/**
 * A snapshot, seen under a path: every link begins with `root`, the path of the API, empty or such as `/prefix`. Images
 * lie under `base`, for example `/images` or `/prefix/repositories`.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly snapshot: Snapshot
  readonly root: string
  readonly base: string
}

const imageHref = (view: View, name: RepositoryName) => `${view.base}/${encodeURIComponent(name)}`
const tagsHref = (view: View, name: RepositoryName) => `${imageHref(view, name)}/tags`
const tagHref = (view: View, name: RepositoryName, tag: TagName) => `${tagsHref(view, name)}/${encodeURIComponent(tag)}`

/**
 * Where the namespace with this path is.
 *
 * @category links
 * @since 0.1.0
 */
export const namespaceHref = (view: View, path: string): string =>
  `${view.root}/namespaces${path === "" ? "" : `/${encodeURIComponent(path)}`}`

/**
 * Sizes as the resources tell them: bytes, or `null` for what is unknown.
 *
 * @category rendering
 * @since 0.1.0
 */
export const sizesState = (sizes: Usage.Sizes | undefined) => ({
  size: sizes?.size ?? null,
  disk_size: sizes?.diskSize ?? null,
  unique_size: sizes?.uniqueSize ?? null
})

const repositoryAt = (view: View, r: number) => view.snapshot.usage.inventory.repositories[r]!

const everything: Listing.Selection = {}

/** A relation without a link is left out, as HAL clients expect. */
const itemLinks = (items: ReadonlyArray<Link>) => (items.length === 0 ? {} : { items })

/** A list as a resource: its own links with the selection in them, and those to the pages around. */
const listed = (
  view: View,
  href: string,
  list: Listing.List,
  selection: Listing.Selection
): { readonly numbers: ReadonlyArray<number>; readonly matching: number; readonly links: Record<string, Link> } => {
  const selected = Listing.select(list, selection)
  const takenAt = DateTime.toEpochMillis(view.snapshot.takenAt)
  const at = (offset: number): Link => ({ href: `${href}${Listing.queryOf({ ...selection, offset }, takenAt)}` })
  const { offset = 0, pageSize } = selection
  // The carried parameters say how to render and not what: without a selection the list has one address.
  const plain = pageSize === undefined && selection.sort === undefined && selection.filter === undefined
  return {
    numbers: Listing.pageOf(selected, selection),
    matching: selected.length,
    links: {
      self: plain ? { href } : at(offset),
      ...(pageSize === undefined ? {} : { first: at(0) }),
      ...(pageSize === undefined || offset === 0 ? {} : { prev: at(Math.max(0, offset - pageSize)) }),
      ...(pageSize === undefined || offset + pageSize >= selected.length ? {} : { next: at(offset + pageSize) })
    }
  }
}

/** How many items a part of a list is a part of. */
const matchingState = (selection: Listing.Selection, matching: number) =>
  selection.pageSize === undefined && selection.filter === undefined ? {} : { matching }

/**
 * All images: when they were looked at (`timestamp`, seconds since 1970), how long that took (`duration`, milliseconds),
 * what they take together, and `stale` where a later look failed. `gaps` counts what could not be read. The totals are
 * those of the whole registry, whatever part of the list is selected; `matching` tells how many images it has.
 *
 * @category resources
 * @since 0.1.0
 */
export const images = (view: View, selection: Listing.Selection = everything): Resource => {
  const { duration, stale, usage } = view.snapshot
  const { gaps, repositories } = usage.inventory
  const list = listed(
    view,
    view.base,
    {
      count: repositories.length,
      nameOf: (r) => repositories[r]!.name,
      sizesOf: (r) => Usage.repositorySizes(usage, r)
    },
    selection
  )
  return {
    state: {
      timestamp: timestamp(view.snapshot),
      duration,
      ...sizesState(Usage.total(usage)),
      images: repositories.length,
      tags: usage.tagStarts.at(-1) ?? 0,
      gaps: gaps.length,
      accounting: usage.accounting,
      ...(stale ? { stale: true } : {}),
      ...matchingState(selection, list.matching)
    },
    links: () => ({
      ...list.links,
      ...itemLinks(
        list.numbers.map((r) => {
          const { name } = repositories[r]!
          return { href: imageHref(view, name), title: name }
        })
      )
    }),
    embedded: { items: () => list.numbers.map((r) => image(view, r)) }
  }
}

/**
 * Image number `r` of the snapshot. `size`, `disk_size` and `unique_size` are in bytes, all `null` where the image could
 * not be read, as is the number of its `tags`; `gaps` tells how many of its tags could not be read, where there are any,
 * and `stale` that its figures are those of an earlier crawl.
 *
 * @category resources
 * @since 0.1.0
 */
export const image = (view: View, r: number): Resource => {
  const { usage } = view.snapshot
  const { name, stale, tagNames, unreadable } = repositoryAt(view, r)
  const measured = Usage.repositorySizes(usage, r)
  const unknown = Usage.unknownTags(usage, r)
  return {
    state: {
      name,
      ...sizesState(measured),
      tags: unreadable ? null : tagNames.length,
      ...(unknown > 0 ? { gaps: unknown } : {}),
      ...(stale ? { stale: true } : {})
    },
    links: () => ({
      self: { href: imageHref(view, name) },
      collection: { href: view.base },
      namespace: { href: namespaceHref(view, namespaceOf(name)) },
      ...(unreadable ? {} : { related: { href: tagsHref(view, name), title: "tags" } })
    }),
    embedded: measured === undefined ? {} : { related: () => tags(view, r) }
  }
}

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
  const list = listed(
    view,
    tagsHref(view, name),
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
      ...itemLinks(list.numbers.map((i) => ({ href: tagHref(view, name, tagNames[i]!), title: tagNames[i]! })))
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
  const href = tagHref(view, name, tagName)
  return {
    state: {
      name: tagName,
      ...sizesState(Usage.tagSizes(usage, number)),
      ...(foreign > 0 ? { foreign_size: foreign } : {})
    },
    links: () => ({
      self: { href },
      collection: { href: tagsHref(view, name) },
      blobs: { href: `${href}/blobs` }
    }),
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
  const href = tagHref(view, name, tagNames[number - usage.tagStarts[r]!]!)
  return {
    state: { count: found.length, size: Usage.tagSizes(usage, number)?.size ?? null },
    links: () => ({ self: { href: `${href}/blobs` }, up: { href } }),
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
            self: { href: `${href}/blobs#${blob.digest}` },
            ...(blob.owner === undefined ? {} : { owner: { href: tagHref(view, blob.owner.image, blob.owner.tag) } })
          }),
          embedded: {}
        }))
    }
  }
}
