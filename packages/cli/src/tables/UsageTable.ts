/**
 * Repositories or tags with their sizes. The disk sizes of all rows add up to the total, and the disk size of a row is the
 * sum of its unique and its shared size.
 */
import { type Bytes, type Names, TimeSlices, Usage } from "@gitlab-registry-usage/core"
import * as Format from "../output/Format.ts"
import type { Column, Row, Table } from "../output/Table.ts"
import { chooses } from "../connection/RepositoryPattern.ts"

export type Order = "disk" | "size" | "unique" | "name"

export interface Options {
  readonly of: "repositories" | "tags"
  /** Names or globs of repositories; all where there are none. */
  readonly only: ReadonlyArray<string>
  readonly order: Order
  readonly reverse: boolean
  readonly count: number | undefined
  readonly minSize: Bytes.Bytes | undefined
  /** The least number of tags of a repository. */
  readonly minTags?: number | undefined
}

/** Every repository, the largest on disk first. */
export const allRepositories: Options = {
  of: "repositories",
  only: [],
  order: "disk",
  reverse: false,
  count: undefined,
  minSize: undefined
}

/** What the sizes leave out. */
export const untaggedNote = "On disk does not count untagged content, which registries do not list"

interface Entry {
  readonly repository: Names.RepositoryName
  readonly tag: Names.TagName | undefined
  readonly tags: number
  readonly sizes: Usage.Sizes | undefined
  /** Whether something of it could not be read. */
  readonly unread: boolean
  readonly stale: boolean
}

/** Marks of what was not read completely, and of data from an earlier crawl. */
const marks = { unread: "!", stale: "~" }

const entries = (usage: Usage.Usage, options: Options): ReadonlyArray<Entry> => {
  const isChosen = chooses(usage, options.only)
  return usage.inventory.repositories.flatMap((repository, r): ReadonlyArray<Entry> => {
    const { name, stale, tagNames, unreadable } = repository
    if (!isChosen(name)) return []
    if (options.of === "repositories" || unreadable) {
      const sizes = Usage.repositorySizes(usage, r)
      const unread = sizes === undefined || Usage.repositoryUnread(usage, r) > 0
      return [{ repository: name, tag: undefined, tags: tagNames.length, sizes, unread, stale }]
    }
    return tagNames.map((tag, i) => {
      const sizes = Usage.tagSizes(usage, usage.tagStarts[r]! + i)
      return { repository: name, tag, tags: 1, sizes, unread: sizes === undefined, stale }
    })
  })
}

const keys = { disk: "diskSize", size: "size", unique: "uniqueSize", name: "diskSize" } as const

const measureOf = (order: Order, sizes: Usage.Sizes | undefined): number => sizes?.[keys[order]] ?? -1

const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compare =
  (order: Order) =>
  (a: Entry, b: Entry): number => {
    const byName = ascending(a.repository, b.repository) || ascending(a.tag ?? "", b.tag ?? "")
    return order === "name" ? byName : measureOf(order, b.sizes) - measureOf(order, a.sizes) || byName
  }

/** Whether something of the chosen repositories is in no entry, or in one of unknown size. */
const isPartial = (usage: Usage.Usage, { only }: Options): boolean => {
  if (only.length === 0) return Usage.namespaceUnread(usage, "") > 0
  const isChosen = chooses(usage, only)
  return usage.inventory.repositories.some(({ name }, r) => isChosen(name) && Usage.repositoryUnread(usage, r) > 0)
}

/** The sums of entries; undefined where nothing of them is known. */
const sum = (list: ReadonlyArray<Entry>, partial: boolean): Usage.Sizes | undefined => {
  const sums = Usage.sumSizes(list.map(({ sizes }) => sizes))
  return partial && sums.size === 0 ? undefined : sums
}

const values = (sizes: Usage.Sizes | undefined, total: number) => ({
  size: sizes?.size ?? null,
  disk: sizes?.diskSize ?? null,
  unique: sizes?.uniqueSize ?? null,
  // A blob that nothing else reaches is charged here, so this is never negative.
  shared: sizes === undefined ? null : sizes.diskSize - sizes.uniqueSize,
  share: sizes === undefined ? null : total === 0 ? 0 : sizes.diskSize / total
})

const columns = (of: Options["of"]): ReadonlyArray<Column> => [
  { key: "name", field: "repository", heading: "REPOSITORY", kind: "name", essential: true },
  of === "tags"
    ? { key: "tag", field: "tag", heading: "TAG", kind: "name", essential: true }
    : { key: "tags", field: "tags", heading: "TAGS", kind: "count" },
  { key: "disk", field: "disk_bytes", heading: "ON DISK", kind: "bytes", essential: true },
  { key: "share", field: "share", heading: "", kind: "share" },
  { key: "unique", field: "unique_bytes", heading: "UNIQUE", kind: "bytes" },
  { key: "shared", field: "shared_bytes", heading: "SHARED", kind: "bytes" },
  { key: "size", field: "size_bytes", heading: "SIZE", kind: "bytes" },
  { key: "partial", field: "partial", heading: "PARTIAL", kind: "text", audience: "programs" }
]

/** With millions of tags each step takes a few tenths of a second. */
export function* making(usage: Usage.Usage, options: Options): TimeSlices.Sliced<Table> {
  const all = entries(usage, options)
  yield
  const partial = isPartial(usage, options)
  const total = sum(all, partial)?.diskSize ?? 0
  yield
  const sorted = all.toSorted(compare(options.order))
  yield
  if (options.reverse) sorted.reverse()
  // An entry of unknown size may be large, and may have many tags.
  const large = sorted.filter(
    ({ sizes, tags }) =>
      (sizes === undefined || measureOf(options.order, sizes) >= (options.minSize ?? 0)) &&
      ((sizes === undefined && tags === 0) || tags >= (options.minTags ?? 0))
  )
  const shown = large.slice(0, options.count)
  yield
  const isShown = new Set(shown)
  const left = all.filter((entry) => !isShown.has(entry))
  const row = ({ repository, sizes, stale, tag, tags, unread }: Entry): Row => ({
    values: {
      name: repository,
      tag: options.of === "tags" ? (tag ?? null) : undefined,
      tags: tag === undefined && sizes === undefined && tags === 0 ? null : tags,
      ...values(sizes, total),
      partial: unread
    },
    partial: unread,
    mark: unread ? marks.unread : stale ? marks.stale : undefined
  })
  const many = (label: string, entries: ReadonlyArray<Entry>, partial: boolean): Row => ({
    values: {
      name: label,
      tags: entries.reduce((sum, { tags }) => sum + tags, 0),
      ...values(sum(entries, partial), total),
      // What deleting all of them frees is more than the sum: what only they share is unique to none of them.
      unique: undefined,
      shared: undefined,
      share: undefined
    },
    partial
  })
  const counted = (entries: ReadonlyArray<Entry>) =>
    options.of === "tags"
      ? Format.counted(entries.filter(({ tag }) => tag !== undefined).length, "tag")
      : Format.repositories(entries.length)
  const rows: Array<Row> = []
  for (const [at, entry] of shown.entries()) {
    if (at % TimeSlices.stride === 0) yield
    rows.push(row(entry))
  }
  return {
    columns: columns(options.of),
    rows,
    ...(left.length === 0
      ? {}
      : {
          rest: many(
            `(${counted(left)} more)`,
            left,
            left.some(({ unread }) => unread)
          )
        }),
    totals: [many(`TOTAL ${counted(all)}`, all, partial)],
    notes: () => [untaggedNote]
  }
}

export const make = (usage: Usage.Usage, options: Options): Table => TimeSlices.atOnce(making(usage, options))
