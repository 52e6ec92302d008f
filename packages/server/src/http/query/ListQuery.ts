/** The part of a list that a request selects: `page_size`, `cursor`, `sort`, `filter` and `min_tags`. */
import type { Listing } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { badRequest, gone, type Problem } from "../wire/Problem.ts"
import type { Query } from "./Parameters.ts"

/** The selection, and the instant of its cursor's snapshot (milliseconds since 1970), if it has a cursor. */
export interface ListQuery {
  readonly selection: Listing.Selection
  readonly takenAt: number | undefined
}

/**
 * Decodes the selection. `text` is the raw query, because links to other pages repeat `embed` and `links` unchanged.
 * Fails with 400 for a cursor of another selection, or without a page size.
 */
export const make = (
  { cursor, filter, min_tags: minTags, page_size: pageSize, sort }: Query,
  text: URLSearchParams
): Result.Result<ListQuery, Problem> => {
  const isSame = cursor?.sort === sort && cursor?.filter === filter && cursor?.minTags === minTags
  if (cursor !== undefined && (!isSame || pageSize === undefined)) {
    return Result.fail(
      badRequest("cursor goes with the sort, the filter, min_tags and a page_size of the link that it is from")
    )
  }
  const carried = Object.fromEntries(
    ["embed", "links"].flatMap((name) => (text.has(name) ? [[name, text.get(name)!]] : []))
  )
  return Result.succeed({
    selection: { sort, filter, minTags, pageSize, offset: cursor?.offset, carried },
    takenAt: cursor?.takenAt
  })
}

/** The error of a cursor whose snapshot is gone. */
export const cursorGone: Problem = gone(
  "the registry was crawled again since the previous page: begin at the first page"
)
