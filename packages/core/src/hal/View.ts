import { DateTime, Function } from "effect"
import { queryString } from "./Hal.ts"
import type { Entity } from "../history/History.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import type { Snapshot } from "../snapshot/Snapshot.ts"

/**
 * A snapshot under the paths of the API: every link begins with `root`, empty or such as `/prefix`; images have the path
 * `base`, for example `/images` or `/prefix/repositories`.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly snapshot: Snapshot
  readonly root: string
  readonly base: string
  /** Whether the resources link to their history: not every store keeps one. Default `false`. */
  readonly history?: boolean | undefined
  /** Whether this is an earlier snapshot; its links then lead to that snapshot. Default `false`. */
  readonly past?: boolean | undefined
}

/** The instant of the snapshot, as links name it. */
export const instantOf = ({ snapshot }: View): string => DateTime.formatIso(snapshot.takenAt)

const atQuery = Function.memoize(({ takenAt }: Snapshot) => queryString([["at", DateTime.formatIso(takenAt)]]))

/** The query that makes a link lead to an earlier snapshot; empty for the present one. */
export const atOf = (view: View): string => (view.past === true ? atQuery(view.snapshot) : "")

/** A path holds in any snapshot; with `atOf` behind it, it is a link. */
const imagePath = ({ base }: Pick<View, "base">, name: RepositoryName) => `${base}/${encodeURIComponent(name)}`
export const tagsPath = (view: View, name: RepositoryName) => `${imagePath(view, name)}/tags`
export const tagPath = (view: View, name: RepositoryName, tag: TagName) =>
  `${tagsPath(view, name)}/${encodeURIComponent(tag)}`
const namespacePath = ({ root }: Pick<View, "root">, path: string) =>
  `${root}/namespaces${path === "" ? "" : `/${encodeURIComponent(path)}`}`

/**
 * The link to the image with this name.
 *
 * @category links
 * @since 0.1.0
 */
export const imageHref = (view: View, name: RepositoryName): string => `${imagePath(view, name)}${atOf(view)}`

/**
 * The link to the namespace with this path.
 *
 * @category links
 * @since 0.1.0
 */
export const namespaceHref = (view: View, path: string): string => `${namespacePath(view, path)}${atOf(view)}`

/**
 * The link to all images.
 *
 * @category links
 * @since 0.1.0
 */
export const imagesHref = (view: View): string => `${view.base}${atOf(view)}`

/** The whole registry has its history and growth at the root of the API. */
const namespaceTimePath = (view: Pick<View, "root">, path: string) =>
  path === "" ? view.root : namespacePath(view, path)

/**
 * The link to the history of an image, or of a namespace with all below it; the empty path is the whole registry.
 *
 * @category links
 * @since 0.1.0
 */
export const historyHref = (view: Pick<View, "base" | "root">, { _tag, path }: Entity): string =>
  `${_tag === "Repository" ? imagePath(view, path) : namespaceTimePath(view, path)}/history`

/**
 * The link to the growth of a namespace; the empty path is the whole registry.
 *
 * @category links
 * @since 0.1.0
 */
export const growthHref = (view: Pick<View, "root">, path: string): string => `${namespaceTimePath(view, path)}/growth`

/** The links to the history and the growth of a namespace, where there are any. */
export const timeLinks = (view: View, path: string): Readonly<Record<string, string>> =>
  view.history === true
    ? { history: historyHref(view, { _tag: "Namespace", path }), growth: growthHref(view, path) }
    : {}
