import { DateTime } from "effect"
import { type Link, queryString } from "./Hal.ts"
import type { Entity } from "../history/History.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import type { Snapshot } from "../snapshot/Snapshot.ts"

/**
 * A snapshot, seen under a path: every link begins with `root`, the path of the API, empty or such as `/prefix`. Images
 * lie under `base`, for example `/images` or `/prefix/repositories`.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly snapshot: Snapshot
  readonly root: string
  readonly base: string
  /** Whether there are links to history, which not every store keeps. Default `false`. */
  readonly history?: boolean | undefined
  /** Whether the snapshot is an earlier one, in which its links stay. Default `false`. */
  readonly past?: boolean | undefined
}

/** When the snapshot was taken, as links tell it. */
export const instantOf = ({ snapshot }: View): string => DateTime.formatIso(snapshot.takenAt)

const queries = new WeakMap<Snapshot, string>()

/** What keeps a link in the past; it is the same in all of them. */
export const atOf = (view: View): string => {
  if (view.past !== true) return ""
  let query = queries.get(view.snapshot)
  if (query === undefined) queries.set(view.snapshot, (query = queryString([["at", instantOf(view)]])))
  return query
}

/** A path is where something is in any snapshot; with `atOf` behind it, it is a link. */
const imagePath = (view: View, name: RepositoryName) => `${view.base}/${encodeURIComponent(name)}`
export const tagsPath = (view: View, name: RepositoryName) => `${imagePath(view, name)}/tags`
export const tagPath = (view: View, name: RepositoryName, tag: TagName) =>
  `${tagsPath(view, name)}/${encodeURIComponent(tag)}`

/**
 * Where the image with this name is.
 *
 * @category links
 * @since 0.1.0
 */
export const imageHref = (view: View, name: RepositoryName): string => `${imagePath(view, name)}${atOf(view)}`

/** What has a history links to it. */
export const historyLinks = (view: View, links: () => Record<string, Link>): Record<string, Link> =>
  view.history === true ? links() : {}

/**
 * Where the namespace with this path is.
 *
 * @category links
 * @since 0.1.0
 */
export const namespaceHref = (view: View, path: string): string =>
  `${view.root}/namespaces${path === "" ? "" : `/${encodeURIComponent(path)}`}${atOf(view)}`

/**
 * Where all images are.
 *
 * @category links
 * @since 0.1.0
 */
export const imagesHref = (view: View): string => `${view.base}${atOf(view)}`

/**
 * Where the history of an image, or of a namespace with all below it, is told; that of the whole registry with the empty
 * path.
 *
 * @category links
 * @since 0.1.0
 */
export const historyHref = ({ base, root }: Pick<View, "base" | "root">, { _tag, path }: Entity): string =>
  _tag === "Repository"
    ? `${base}/${encodeURIComponent(path)}/history`
    : `${root}${path === "" ? "" : `/namespaces/${encodeURIComponent(path)}`}/history`

/**
 * Where it is told what grew in a namespace; in the whole registry with the empty path.
 *
 * @category links
 * @since 0.1.0
 */
export const growthHref = ({ root }: Pick<View, "root">, path: string): string =>
  `${root}${path === "" ? "" : `/namespaces/${encodeURIComponent(path)}`}/growth`

/**
 * Links to the history and the growth of a namespace, where there are any.
 *
 * @category links
 * @since 0.1.0
 */
export const timeLinks = (view: View, path: string): Record<string, Link> =>
  historyLinks(view, () => ({
    history: { href: historyHref(view, { _tag: "Namespace", path }) },
    growth: { href: growthHref(view, path) }
  }))
