/**
 * The layout of the treemap. It has only visible tiles: three levels, the biggest tiles of each, and none smaller than
 * a few pixels.
 */
import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy"
import type { Tag } from "../api/Resources.ts"
import type { Node } from "./Tree.ts"

interface Datum {
  readonly key: string
  /** `rest` stands for everything that is too small for a tile of its own. */
  readonly kind: "namespace" | "repository" | "tag" | "rest"
  readonly label: string
  readonly bytes: number
  readonly hue: number
  /** Where a click leads: a path of the tree, or `image:tag`. */
  readonly target: string
  readonly parts: ReadonlyArray<Datum>
}

export interface Tile extends Datum {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Whether other tiles are inside it, below a heading of `headingHeight`. */
  readonly frame: boolean
}

interface Options {
  readonly width: number
  readonly height: number
  /** The tags of the current repository, once they are loaded. */
  readonly tags: ReadonlyArray<Tag>
}

/** In pixels. */
export const headingHeight = 22

/** A namespace smaller than this is one tile. */
const smallestFrame = { width: 64, height: 56 }

/** The most tiles of a namespace, from the outermost level to the innermost. */
const limits = [240, 60, 30]

const biggest = (parts: ReadonlyArray<Datum>, limit: number, { hue, path }: Node): ReadonlyArray<Datum> => {
  const sorted = parts.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes)
  if (sorted.length <= limit) return sorted
  const rest = sorted.splice(limit - 1)
  const bytes = rest.reduce((sum, { bytes }) => sum + bytes, 0)
  return [
    ...sorted,
    { key: `${path}…`, kind: "rest", label: `${rest.length} more`, bytes, hue, target: path, parts: [] }
  ]
}

const datum = (node: Node, depth: number, tags: ReadonlyArray<Tag>): Datum => {
  const { hue, kind, label, path } = node
  const limit = limits[depth] ?? 0
  const parts =
    node.kind === "repository"
      ? tags.map(({ disk_size, name }): Datum => {
          const key = `${path}:${name}`
          return { key, kind: "tag", label: name, bytes: disk_size ?? 0, hue, target: key, parts: [] }
        })
      : limit === 0
        ? []
        : node.children.map((child) => datum(child, depth + 1, []))
  return {
    key: path,
    kind,
    // A namespace and a repository may have the same name.
    label: kind === "namespace" ? `${label}/` : label,
    bytes: node.disk_size ?? 0,
    hue,
    target: path,
    parts: biggest(parts, limit, node)
  }
}

/** The tiles inside a node. Each frame comes before the tiles inside it. */
export const layout = (node: Node, { height, tags, width }: Options): ReadonlyArray<Tile> => {
  if (width <= 0 || height <= 0) return []
  const tree = hierarchy<Datum>(datum(node, 0, tags), ({ parts }) => parts)
    .sum(({ bytes, parts }) => (parts.length === 0 ? bytes : 0))
    .sort((a, b) => b.value! - a.value!)
  const laidOut = treemap<Datum>()
    .tile(treemapSquarify.ratio(1))
    .size([width, height])
    .round(true)
    .paddingInner(({ depth }) => (depth === 0 ? 4 : 2))
    .paddingOuter(({ depth }) => (depth === 0 ? 0 : 3))
    .paddingTop(({ depth }) => (depth === 0 ? 0 : headingHeight))(tree)
  const tiles: Array<Tile> = []
  const put = (at: typeof laidOut) => {
    const [width, height] = [at.x1 - at.x0, at.y1 - at.y0]
    if (width < 3 || height < 3) return
    const frame = at.children !== undefined && width >= smallestFrame.width && height >= smallestFrame.height
    tiles.push({ ...at.data, x: at.x0, y: at.y0, width, height, frame })
    if (frame) at.children!.forEach(put)
  }
  laidOut.children?.forEach(put)
  return tiles
}
