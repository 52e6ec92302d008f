import { DateTime } from "effect"
import type { Link } from "./Hal.ts"
import * as Listing from "./Listing.ts"
import { atOf, instantOf, type View } from "./View.ts"

/** Selects the whole list, in the order of the registry. */
export const everything: Listing.Selection = {}

/** A relation without a link is left out, as HAL clients expect. */
export const itemLinks = (items: ReadonlyArray<Link>) => (items.length === 0 ? {} : { items })

/** A list as a resource: its own links with the selection in them, and those to the pages around. */
export const listPage = (
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
export const matchingState = (selection: Listing.Selection, matching: number) =>
  selection.pageSize === undefined && selection.filter === undefined ? {} : { matching }
