import { DateTime } from "effect"
import type { Declaration } from "./Hal.ts"
import * as Listing from "./Listing.ts"
import { atOf, instantOf, type View } from "./View.ts"

/** A page of a list: the numbers of its items, how many match (where not all are listed), and its links. */
export interface ListPage {
  readonly numbers: ReadonlyArray<number>
  readonly matching: number | undefined
  readonly links: ReturnType<Declaration["links"]>
}

/** The selected page of a list, with links to itself and to the pages around it, which carry the selection. */
export const listPage = (view: View, href: string, list: Listing.List, selection: Listing.Selection): ListPage => {
  const { offset = 0, pageSize, sort } = selection
  const isFiltered = Listing.isFiltered(selection)
  const selected = Listing.select(list, selection)
  const takenAt = DateTime.toEpochMillis(view.snapshot.takenAt)
  const carried = { ...selection.carried, ...(view.past === true ? { at: instantOf(view) } : {}) }
  const at = (offset: number) => `${href}${Listing.queryOf({ ...selection, carried, offset }, takenAt)}`
  const isPage = pageSize !== undefined
  // The carried parameters say how to render and not what: without a selection the list has one address.
  const isWhole = !isPage && sort === undefined && !isFiltered
  return {
    numbers: Listing.pageOf(selected, selection),
    matching: isPage || isFiltered ? selected.length : undefined,
    links: {
      self: isWhole ? `${href}${atOf(view)}` : at(offset),
      first: isPage ? at(0) : undefined,
      prev: isPage && offset > 0 ? at(Math.max(0, offset - pageSize)) : undefined,
      next: isPage && offset + pageSize < selected.length ? at(offset + pageSize) : undefined
    }
  }
}
