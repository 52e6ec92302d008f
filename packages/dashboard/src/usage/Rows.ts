/** The rows of the table, from what is loaded, opened, sought and sorted. */
import type { Tag } from "../api/Resources.ts"
import type { Loaded } from "../api/Cache.ts"
import { comparator, type Order, type Values } from "./Sort.ts"
import { type Namespace, type Node, type Repository, repositories, sizesOf } from "./Tree.ts"

interface RowBase {
  readonly key: string
  /** From 1. */
  readonly level: number
}

export interface NamespaceRow extends RowBase, Values {
  readonly kind: "namespace"
  readonly node: Namespace
  readonly expanded: boolean
}

export interface RepositoryRow extends RowBase, Values {
  readonly kind: "repository"
  readonly node: Repository
  readonly expanded: boolean
}

export interface TagRow extends RowBase, Values {
  readonly kind: "tag"
  readonly repository: Repository
  readonly tag: Tag
}

/** Stands where rows are not there (yet). */
export interface NoteRow extends RowBase {
  readonly kind: "note"
  readonly text: string
  /** The repository whose tags can be asked for again. */
  readonly retry?: string
}

export type Row = NamespaceRow | RepositoryRow | TagRow | NoteRow

export interface Options {
  readonly order: Order
  readonly grouped: boolean
  readonly expanded: ReadonlySet<string>
  readonly tags: (image: string) => Loaded<ReadonlyArray<Tag>> | undefined
  /** What deleting a namespace would free, where that is known. */
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

const repositoryRow = (node: Repository, level: number, name: string, expanded: boolean): RepositoryRow => ({
  kind: "repository",
  key: node.path,
  level,
  node,
  expanded,
  name,
  size: node.size,
  disk_size: node.disk_size,
  unique_size: node.image.unique_size,
  tags: node.tags
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

/**
 * The rows below a node: its namespaces and repositories, those that are opened with what is in them. A repository
 * stands for its tags.
 */
export const below = (node: Node, options: Options): ReadonlyArray<Row> => {
  if (node.kind === "repository") return tagRows(node, 1, options)
  const compare = comparator(options.order)
  const rows: Array<Row> = []
  const put = (row: NamespaceRow | RepositoryRow) => {
    rows.push(row)
    if (!row.expanded) return
    if (row.kind === "repository") rows.push(...tagRows(row.node, row.level + 1, options))
    else children(row.node, row.level + 1)
  }
  const children = (at: Namespace, level: number) => {
    at.children
      .map((child): NamespaceRow | RepositoryRow =>
        child.kind === "repository"
          ? repositoryRow(child, level, child.label, options.expanded.has(child.path))
          : {
              kind: "namespace",
              key: child.path,
              level,
              node: child,
              expanded: options.expanded.has(child.path),
              name: child.label,
              ...sizesOf(child),
              unique_size: sizesOf(child).size === null ? null : options.namespaceUnique(child.path),
              tags: child.tags
            }
      )
      .sort(compare)
      .forEach(put)
  }
  if (options.grouped) children(node, 1)
  else {
    repositories(node)
      .map((repository) =>
        repositoryRow(repository, 1, repository.path.slice(node.path.length), options.expanded.has(repository.path))
      )
      .sort(compare)
      .forEach(put)
  }
  return rows
}
