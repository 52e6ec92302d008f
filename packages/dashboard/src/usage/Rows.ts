/** The rows of the table, computed from the loaded data, the expanded rows, the search and the order. */
import type { Loaded } from "../api/Cache.ts"
import type { Tag } from "../api/Resources.ts"
import { comparator, type Order, type Values } from "./Sort.ts"
import { type Namespace, type Node, type Repository, repositories } from "./Tree.ts"

interface RowBase {
  readonly key: string
  /** From 1. */
  readonly level: number
}

interface NamespaceRow extends RowBase, Values {
  readonly kind: "namespace"
  readonly node: Namespace
  readonly expanded: boolean
}

interface RepositoryRow extends RowBase, Values {
  readonly kind: "repository"
  readonly node: Repository
  readonly expanded: boolean
}

interface TagRow extends RowBase, Values {
  readonly kind: "tag"
  readonly repository: Repository
  readonly tag: Tag
}

/** A row with sizes. */
export type UsageRow = NamespaceRow | RepositoryRow | TagRow

/** Replaces tags that are not loaded. */
export interface NoteRow extends RowBase {
  readonly kind: "note"
  readonly text: string
  /** The repository whose tags can be requested again. */
  readonly retry?: string
}

export type Row = UsageRow | NoteRow

export interface Options {
  readonly order: Order
  readonly grouped: boolean
  readonly expanded: ReadonlySet<string>
  readonly tags: (image: string) => Loaded<ReadonlyArray<Tag>> | undefined
  /** The unique size of a namespace; `null` if it is unknown, `undefined` while it is loading. */
  readonly namespaceUnique: (path: string) => number | null | undefined
}

export const tagRow = (repository: Repository, tag: Tag, level: number, name = tag.name): TagRow => ({
  kind: "tag",
  key: `${repository.path}:${tag.name}`,
  level,
  repository,
  tag,
  name,
  size: tag.size,
  disk_size: tag.disk_size,
  unique_size: tag.unique_size,
  tags: null
})

const noteRow = (repository: Repository, level: number, text: string, retry = false): NoteRow => ({
  kind: "note",
  key: `${repository.path}!`,
  level,
  text,
  ...(retry ? { retry: repository.path } : {})
})

const tagRows = (node: Repository, level: number, { order, tags }: Options): ReadonlyArray<NoteRow | TagRow> => {
  if (node.image.size === null && !node.tags) return [noteRow(node, level, "This repository could not be read.")]
  const loaded = tags(node.path)
  if (loaded === undefined || loaded.state === "loading") return [noteRow(node, level, "Loading tags …")]
  if (loaded.state === "failed") return [noteRow(node, level, `No tags: ${loaded.problem.message}.`, true)]
  if (loaded.value.length === 0) return [noteRow(node, level, "No tags.")]
  return loaded.value.map((tag) => tagRow(node, tag, level)).sort(comparator(order))
}

/** The rows below a node: its namespaces and repositories, and the contents of those that are expanded. */
export const below = (node: Node, options: Options): ReadonlyArray<Row> => {
  if (node.kind === "repository") return tagRows(node, 1, options)
  const toRow = (child: Node, level: number, name: string): NamespaceRow | RepositoryRow => {
    const { disk_size, path, size, tags } = child
    const common = { key: path, level, name, size, disk_size, tags, expanded: options.expanded.has(path) }
    return child.kind === "repository"
      ? { ...common, kind: "repository", node: child, unique_size: child.image.unique_size }
      : { ...common, kind: "namespace", node: child, unique_size: size === null ? null : options.namespaceUnique(path) }
  }
  const withContents = (row: NamespaceRow | RepositoryRow): ReadonlyArray<Row> => {
    if (!row.expanded) return [row]
    const level = row.level + 1
    return [row, ...(row.kind === "repository" ? tagRows(row.node, level, options) : children(row.node, level))]
  }
  const sorted = (rows: Array<NamespaceRow | RepositoryRow>) =>
    rows.sort(comparator(options.order)).flatMap(withContents)
  const children = (at: Namespace, level: number) =>
    sorted(at.children.map((child) => toRow(child, level, child.label)))
  return options.grouped
    ? children(node, 1)
    : sorted(repositories(node).map((child) => toRow(child, 1, child.path.slice(node.path.length))))
}
