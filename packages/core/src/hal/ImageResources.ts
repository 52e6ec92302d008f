import * as Hal from "./Hal.ts"
import type * as Listing from "./Listing.ts"
import { namespaceOf } from "../registry/Names.ts"
import { timestamp } from "../snapshot/Snapshot.ts"
import * as Usage from "../usage/Usage.ts"
import { listPage } from "./ListResource.ts"
import { partialSizesState } from "./SizesState.ts"
import { tags } from "./TagResources.ts"
import { atOf, historyHref, imageHref, imagesHref, namespaceHref, tagsPath, timeLinks, type View } from "./View.ts"

/**
 * All images, with the figures of the snapshot: `timestamp` (seconds since 1970), `duration` of the crawl (milliseconds),
 * the sizes of the whole registry (bytes), `gaps` (the number of things that could not be read), `partial` where the sizes
 * are without some of these, and `stale` where a later crawl failed. A selection changes the items alone; `matching` is their number over all pages.
 *
 * @category resources
 * @since 0.1.0
 */
export const images = (view: View, selection: Listing.Selection = {}): Hal.Resource => {
  const { duration, stale, usage } = view.snapshot
  const { gaps, repositories } = usage.inventory
  const list: Listing.List = {
    count: repositories.length,
    nameOf: (r) => repositories[r]!.name,
    sizesOf: (r) => Usage.repositorySizes(usage, r),
    tagsOf: (r) => (repositories[r]!.unreadable ? undefined : repositories[r]!.tagNames.length)
  }
  const { links, matching, numbers } = listPage(view, view.base, list, selection)
  return Hal.make({
    state: {
      timestamp: timestamp(view.snapshot),
      duration,
      ...partialSizesState(Usage.total(usage), Usage.namespaceUnread(usage, "")),
      images: repositories.length,
      tags: usage.tagStarts.at(-1) ?? 0,
      gaps: gaps.length,
      accounting: usage.accounting,
      stale: stale || undefined,
      matching
    },
    links: () => ({
      ...links,
      ...timeLinks(view, ""),
      at: view.history === true ? { href: `${view.base}{?at}`, templated: true } : undefined,
      items: numbers.map((r) => {
        const { name } = repositories[r]!
        return { href: imageHref(view, name), title: name }
      })
    }),
    embedded: { items: () => numbers.map((r) => image(view, r)) }
  })
}

/**
 * Image number `r` of the snapshot. Its sizes are in bytes. They are `null` where the image could not be read, and so is
 * the number of its `tags`. `gaps` counts its tags that could not be read, and its list of tags where that is incomplete; the
 * sizes are then `partial`. `stale` means that its figures are those of an earlier crawl.
 *
 * @category resources
 * @since 0.1.0
 */
export const image = (view: View, r: number): Hal.Resource => {
  const { usage } = view.snapshot
  const { name, stale, tagNames, unreadable } = usage.inventory.repositories[r]!
  const sizes = Usage.repositorySizes(usage, r)
  const unread = Usage.repositoryUnread(usage, r)
  return Hal.make({
    state: {
      name,
      ...partialSizesState(sizes, unread),
      tags: unreadable ? null : tagNames.length,
      gaps: unreadable ? undefined : unread || undefined,
      stale: stale || undefined
    },
    links: () => ({
      self: imageHref(view, name),
      collection: imagesHref(view),
      namespace: namespaceHref(view, namespaceOf(name)),
      history: view.history === true ? historyHref(view, { _tag: "Repository", path: name }) : undefined,
      related: unreadable ? undefined : { href: `${tagsPath(view, name)}${atOf(view)}`, title: "tags" }
    }),
    embedded: { related: sizes === undefined ? undefined : () => tags(view, r) }
  })
}
