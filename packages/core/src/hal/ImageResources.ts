import type { Resource } from "./Hal.ts"
import type * as Listing from "./Listing.ts"
import { namespaceOf } from "../registry/Names.ts"
import { timestamp } from "../snapshot/Snapshot.ts"
import * as Usage from "../usage/Usage.ts"
import { everything, itemLinks, listPage, matchingState } from "./ListResource.ts"
import { sizesState } from "./SizesState.ts"
import { tags } from "./TagResources.ts"
import {
  atOf,
  timeLinks,
  historyHref,
  historyLinks,
  imageHref,
  imagesHref,
  namespaceHref,
  tagsPath,
  type View
} from "./View.ts"

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
  const list = listPage(
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
      ...timeLinks(view, ""),
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
  const { name, stale, tagNames, unreadable } = usage.inventory.repositories[r]!
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
