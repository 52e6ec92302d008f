/**
 * The resources of the API as HAL: all images, an image, its tags, a tag, the blobs of a tag.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import { type Link, queryString, type Resource } from "./Hal.ts"
import type { Subject } from "./History.ts"
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
  /** Whether there are links to history, which not every store keeps. Default `false`. */
  readonly history?: boolean | undefined
  /** Whether the snapshot is an earlier one, in which its links stay. Default `false`. */
  readonly past?: boolean | undefined
}

const instantOf = ({ snapshot }: View): string => DateTime.formatIso(snapshot.takenAt)

const queries = new WeakMap<Snapshot, string>()

/** What keeps a link in the past; it is the same in all of them. */
const atOf = (view: View): string => {
  if (view.past !== true) return ""
  let query = queries.get(view.snapshot)
  if (query === undefined) queries.set(view.snapshot, (query = queryString([["at", instantOf(view)]])))
  return query
}

const imagePath = (view: View, name: RepositoryName) => `${view.base}/${encodeURIComponent(name)}`
const tagsPath = (view: View, name: RepositoryName) => `${imagePath(view, name)}/tags`
const tagPath = (view: View, name: RepositoryName, tag: TagName) => `${tagsPath(view, name)}/${encodeURIComponent(tag)}`

/**
 * Where the image with this name is.
 *
 * @category links
 * @since 0.1.0
 */
export const imageHref = (view: View, name: RepositoryName): string => `${imagePath(view, name)}${atOf(view)}`

/** What has a history links to it. */
const historyLinks = (view: View, links: () => Record<string, Link>): Record<string, Link> =>
  view.history === true ? links() : {}

/**
 * Where the namespace with this path is.
 *
 * @category links
 * @since 0.1.0
 */
export const namespaceHref = (view: View, path: string): string =>
  `${view.root}/namespaces${path === "" ? "" : `/${encodeURIComponent(path)}`}${atOf(view)}`

/**
 * Where all images are.
 *
 * @category links
 * @since 0.1.0
 */
export const imagesHref = (view: View): string => `${view.base}${atOf(view)}`

/**
 * Where the history of an image, or of a namespace with all below it, is told; that of the whole registry with the empty
 * path.
 *
 * @category links
 * @since 0.1.0
 */
export const historyHref = ({ base, root }: Pick<View, "base" | "root">, { _tag, path }: Subject): string =>
  _tag === "Repository"
    ? `${base}/${encodeURIComponent(path)}/history`
    : `${root}${path === "" ? "" : `/namespaces/${encodeURIComponent(path)}`}/history`

/**
 * Where it is told what grew in a namespace; in the whole registry with the empty path.
 *
 * @category links
 * @since 0.1.0
 */
export const growthHref = ({ root }: Pick<View, "root">, path: string): string =>
  `${root}${path === "" ? "" : `/namespaces/${encodeURIComponent(path)}`}/growth`

/**
 * Links to the history and the growth of a namespace, where there are any.
 *
 * @category links
 * @since 0.1.0
 */
export const courseLinks = (view: View, path: string): Record<string, Link> =>
  historyLinks(view, () => ({
    history: { href: historyHref(view, { _tag: "Namespace", path }) },
    growth: { href: growthHref(view, path) }
  }))

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
  const carried = { ...selection.carried, ...(view.past === true ? { at: instantOf(view) } : {}) }
  const at = (offset: number): Link => ({
    href: `${href}${Listing.queryOf({ ...selection, carried, offset }, takenAt)}`
  })
  const { offset = 0, pageSize } = selection
  // The carried parameters say how to render and not what: without a selection the list has one address.
  const plain = pageSize === undefined && selection.sort === undefined && selection.filter === undefined
  return {
    numbers: Listing.pageOf(selected, selection),
    matching: selected.length,
    links: {
      self: plain ? { href: `${href}${atOf(view)}` } : at(offset),
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
      ...courseLinks(view, ""),
      ...historyLinks(view, () => ({ at: { href: `${view.base}{?at}`, templated: true } })),
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
      collection: { href: imagesHref(view) },
      namespace: { href: namespaceHref(view, namespaceOf(name)) },
      ...historyLinks(view, () => ({ history: { href: historyHref(view, { _tag: "Repository", path: name }) } })),
      ...(unreadable ? {} : { related: { href: `${tagsPath(view, name)}${atOf(view)}`, title: "tags" } })
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
