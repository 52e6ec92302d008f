/**
 * How a request selects a part of a list: `page_size`, `cursor`, `sort` and `filter`.
 *
 * @since 0.1.0
 */
import { Listing } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { badRequest, gone, type Problem } from "../wire/Problem.ts"
import { single } from "./Representation.ts"

const maximumPageSize = 1000
const maximumFilterLength = 256

const sortOf = (text: string): Result.Result<Listing.Sort | undefined, Problem> => {
  if (text === "") return Result.succeed(undefined)
  const sort = Listing.sorts.find((sort) => sort === text)
  return sort === undefined
    ? Result.fail(badRequest(`sort takes one of ${Listing.sorts.join(", ")}`))
    : Result.succeed(sort)
}

const filterOf = (text: string): Result.Result<string | undefined, Problem> =>
  text.length > maximumFilterLength
    ? Result.fail(badRequest(`filter takes at most ${maximumFilterLength} characters`))
    : Result.succeed(text === "" ? undefined : text)

const pageSizeOf = (text: string): Result.Result<number | undefined, Problem> => {
  if (text === "") return Result.succeed(undefined)
  const size = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0
  return size >= 1 && size <= maximumPageSize
    ? Result.succeed(size)
    : Result.fail(badRequest(`page_size takes a whole number from 1 to ${maximumPageSize}`))
}

const cursorOf = (text: string): Result.Result<Listing.Cursor | undefined, Problem> => {
  if (text === "") return Result.succeed(undefined)
  const cursor = Listing.decodeCursor(text)
  return cursor === undefined
    ? Result.fail(badRequest("cursor takes what a link to another page has, unaltered"))
    : Result.succeed(cursor)
}

/**
 * What a request selects, together with the instant of the snapshot that it goes on in (milliseconds since 1970), where
 * it does.
 *
 * @category models
 * @since 0.1.0
 */
export interface Selected {
  readonly selection: Listing.Selection
  readonly takenAt: number | undefined
}

const everything: Selected = { selection: {}, takenAt: undefined }

/**
 * Reads the four parameters. A cursor goes with the order and the filter that it was made for, and with a page size.
 *
 * @category decoding
 * @since 0.1.0
 */
export const selectedOf = (query: URLSearchParams): Result.Result<Selected, Problem> => {
  if (query.size === 0) return Result.succeed(everything)
  const read = Result.all({
    sort: Result.flatMap(single(query, "sort"), sortOf),
    filter: Result.flatMap(single(query, "filter"), filterOf),
    pageSize: Result.flatMap(single(query, "page_size"), pageSizeOf),
    cursor: Result.flatMap(single(query, "cursor"), cursorOf)
  })
  return Result.flatMap(read, ({ cursor, filter, pageSize, sort }) => {
    if (cursor !== undefined && (cursor.sort !== sort || cursor.filter !== filter || pageSize === undefined)) {
      return Result.fail(
        badRequest("cursor goes with the sort, the filter and a page_size of the link that it is from")
      )
    }
    const carried = Object.fromEntries(
      ["embed", "links"].flatMap((name) => (query.has(name) ? [[name, query.get(name)!]] : []))
    )
    return Result.succeed({
      selection: { sort, filter, pageSize, offset: cursor?.offset, carried },
      takenAt: cursor?.takenAt
    })
  })
}

/**
 * The list that the cursor went through is not there any more.
 *
 * @category errors
 * @since 0.1.0
 */
export const cursorGone: Problem = gone("the registry was crawled again since the page before: begin at the first page")
