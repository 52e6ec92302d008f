/** The part of a list that a request selects: `page_size`, `cursor`, `sort`, `filter` and `min_tags`. */
import type { Listing } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { badRequest, gone, type Problem } from "../wire/Problem.ts"
import type { Query } from "./Parameters.ts"

/**
 * The selection, and the instant of the snapshot that its cursor belongs to (milliseconds since 1970), where it has a
 * cursor.
 */
export interface ListQuery {
  readonly selection: Listing.Selection
  readonly takenAt: number | undefined
}

/**
 * Reads the selection. `text` is the query before decoding: links to other pages repeat `embed` and `links` as the request
 * wrote them. Fails with 400 for a cursor of another selection, or without a page size.
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

/** The snapshot that the cursor belongs to is gone. */
export const cursorGone: Problem = gone("the registry was crawled again since the page before: begin at the first page")
