/**
 * Selects a part of a list: the whole list is filtered and sorted, then cut into pages.
 *
 * @since 0.1.0
 */
import { Option } from "effect"
import { queryString } from "./Hal.ts"
import { sizeKeys, type Sizes } from "../usage/Usage.ts"

/**
 * The orders of lists; with `-`, the largest or last comes first.
 *
 * @category constants
 * @since 0.1.0
 */
export const sorts = [
  "name",
  "-name",
  "size",
  "-size",
  "disk_size",
  "-disk_size",
  "unique_size",
  "-unique_size"
] as const

/**
 * The order of a list. A list that is not sorted has the registry's order.
 *
 * @category models
 * @since 0.1.0
 */
export type Sort = (typeof sorts)[number]

/**
 * A selection of a list. `filter` is a part of the name in any case, with `^` the begin of it. `minTags` keeps the items with
 * at least so many tags, and those whose number of tags is unknown. A page has `pageSize` items (1 or more) from `offset` on. `carried` are parameters that the links to other pages repeat.
 *
 * @category models
 * @since 0.1.0
 */
export interface Selection {
  readonly sort?: Sort | undefined
  readonly filter?: string | undefined
  readonly minTags?: number | undefined
  readonly pageSize?: number | undefined
  readonly offset?: number | undefined
  readonly carried?: { readonly [name: string]: string } | undefined
}

/**
 * A list that can be selected from: the number of its items, and the name and the sizes of each. `tagsOf` is the number of
 * tags of an item, undefined where it is unknown; only lists of images have it.
 *
 * @category models
 * @since 0.1.0
 */
export interface List {
  readonly count: number
  readonly nameOf: (i: number) => string
  readonly sizesOf: (i: number) => Sizes | undefined
  readonly tagsOf?: (i: number) => number | undefined
}

/** The numbers of a list, sorted. Items of unknown size are last in either direction; ties keep their order. */
const ordered = (list: List, sort: Sort | undefined): ReadonlyArray<number> => {
  const numbers = Array.from({ length: list.count }, (_, i) => i)
  if (sort === undefined) return numbers
  const sign = sort.startsWith("-") ? -1 : 1
  const by = sort.replace("-", "") as "name" | keyof typeof sizeKeys
  if (by === "name") {
    const names = numbers.map(list.nameOf)
    return numbers.sort((a, b) => sign * (names[a]! < names[b]! ? -1 : names[a]! > names[b]! ? 1 : 0) || a - b)
  }
  const sizes = Float64Array.from(numbers, (i) => list.sizesOf(i)?.[sizeKeys[by]] ?? sign * Infinity)
  return numbers.sort((a, b) => (sizes[a] === sizes[b] ? a - b : sign * (sizes[a]! - sizes[b]!)))
}

const matches = (filter: string): ((name: string) => boolean) => {
  const text = filter.toLowerCase()
  return text.startsWith("^")
    ? (name) => name.toLowerCase().startsWith(text.slice(1))
    : (name) => name.toLowerCase().includes(text)
}

/**
 * The numbers of all items that match, sorted; pages are cut from them.
 *
 * @category selecting
 * @since 0.1.0
 */
export const select = (list: List, selection: Selection): ReadonlyArray<number> => {
  const { filter = "", minTags = 0 } = selection
  const numbers = ordered(list, selection.sort)
  const isNamed = filter === "" ? undefined : matches(filter)
  return numbers.filter((i) => (isNamed?.(list.nameOf(i)) ?? true) && (list.tagsOf?.(i) ?? Infinity) >= minTags)
}

/**
 * Whether the selection leaves items out, apart from its pages.
 *
 * @category selecting
 * @since 0.1.0
 */
export const isFiltered = ({ filter, minTags }: Selection): boolean => filter !== undefined || minTags !== undefined

/**
 * The page of the selected numbers.
 *
 * @category selecting
 * @since 0.1.0
 */
export const pageOf = (selected: ReadonlyArray<number>, { offset = 0, pageSize }: Selection): ReadonlyArray<number> =>
  pageSize === undefined ? selected : selected.slice(offset, offset + pageSize)

/**
 * Where a page begins: `offset` in a list sorted and filtered so, of the snapshot taken at `takenAt` (milliseconds since
 * 1970).
 *
 * @category models
 * @since 0.1.0
 */
export interface Cursor {
  readonly takenAt: number
  readonly offset: number
  readonly sort: Sort | undefined
  readonly filter: string | undefined
  readonly minTags: number | undefined
}

/**
 * A cursor as one opaque word (base64url).
 *
 * @category cursors
 * @since 0.1.0
 */
export const encodeCursor = ({ takenAt, offset, sort, filter, minTags }: Cursor): string =>
  btoa(encodeURIComponent(JSON.stringify([takenAt, offset, sort ?? "", filter ?? "", ...(minTags ? [minTags] : [])])))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "")

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const parsed = Option.liftThrowable((word: string): unknown =>
  JSON.parse(decodeURIComponent(atob(word.replaceAll("-", "+").replaceAll("_", "/"))))
)

/**
 * The cursor that `encodeCursor` wrote, and `undefined` for any other word.
 *
 * @category cursors
 * @since 0.1.0
 */
export const decodeCursor = (word: string): Cursor | undefined => {
  if (word.length > 4096 || !/^[A-Za-z0-9_-]+$/.test(word)) return undefined
  const value = Option.getOrUndefined(parsed(word))
  if (!Array.isArray(value) || value.length < 4 || value.length > 5) return undefined
  const [takenAt, offset, sort, filter, minTags] = value as ReadonlyArray<unknown>
  if (!isCount(takenAt) || !isCount(offset) || typeof sort !== "string" || typeof filter !== "string") return undefined
  if ((sort !== "" && !sorts.includes(sort as Sort)) || (minTags !== undefined && !isCount(minTags))) return undefined
  const order = sort === "" ? undefined : (sort as Sort)
  const cursor = { takenAt, offset, sort: order, filter: filter || undefined, minTags }
  return encodeCursor(cursor) === word ? cursor : undefined
}

/**
 * The selection as a query string with its `?`, empty where it selects nothing. A page that begins at 0 has no cursor.
 *
 * @category cursors
 * @since 0.1.0
 */
export const queryOf = (selection: Selection, takenAt: number): string => {
  const { carried = {}, filter, minTags, offset = 0, pageSize, sort } = selection
  return queryString([
    ...Object.entries(carried),
    ...(sort === undefined ? [] : [["sort", sort] as const]),
    ...(filter === undefined ? [] : [["filter", filter] as const]),
    ...(minTags === undefined ? [] : [["min_tags", String(minTags)] as const]),
    ...(pageSize === undefined ? [] : [["page_size", String(pageSize)] as const]),
    ...(offset === 0 ? [] : [["cursor", encodeCursor({ takenAt, offset, sort, filter, minTags })] as const])
  ])
}
