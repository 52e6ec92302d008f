/**
 * Where the tiles of the map lie. Only what can be seen is laid out: three levels, the biggest of each, and nothing below
 * a few pixels.
 */
import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy"
import type { Tag } from "../api/Resources.ts"
import type { Node } from "./Tree.ts"

/** `rest` stands for what is too small to be shown one by one. */
export interface Tile {
  readonly key: string
  readonly kind: "namespace" | "repository" | "tag" | "rest"
  readonly label: string
  readonly bytes: number
  readonly hue: number
  /** Where a click leads: a path of the tree, or `image:tag`. */
  readonly target: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Whether other tiles lie in it, below a heading of `headingHeight`. */
  readonly frame: boolean
}

interface Datum {
  readonly key: string
  readonly kind: Tile["kind"]
  readonly label: string
  readonly target: string
  readonly hue: number
  readonly bytes: number
  readonly parts: ReadonlyArray<Datum>
}

export interface Options {
  readonly width: number
  readonly height: number
  /** The tags of the repository in which the map stands, once they are loaded. */
  readonly tags: ReadonlyArray<Tag>
}

/** In pixels. */
export const headingHeight = 22

/** A namespace smaller than this is one tile. */
const smallestFrame = { width: 64, height: 56 }

/** What is shown one by one in a namespace, from the outermost in. */
const limits = [240, 60, 30]

const restOf = (parent: Pick<Datum, "key" | "target" | "hue">, left: ReadonlyArray<Datum>): Datum => ({
  key: `${parent.key}…`,
  kind: "rest",
  label: `${left.length} more`,
  target: parent.target,
  hue: parent.hue,
  bytes: left.reduce((sum, { bytes }) => sum + bytes, 0),
  parts: []
})

const biggest = (parts: ReadonlyArray<Datum>, limit: number, parent: Pick<Datum, "key" | "target" | "hue">) => {
  const sorted = parts.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes)
  if (sorted.length <= limit) return sorted
  return [...sorted.slice(0, limit - 1), restOf(parent, sorted.slice(limit - 1))]
}

const datum = (node: Node, depth: number): Datum => {
  const own = { key: node.path, target: node.path, hue: node.hue }
  const limit = limits[depth]
  return {
    ...own,
    kind: node.kind,
    // A namespace and a repository may have the same name.
    label: node.kind === "namespace" ? `${node.label}/` : node.label,
    bytes: node.disk_size ?? 0,
    parts:
      node.kind === "repository" || limit === undefined
        ? []
        : biggest(
            node.children.map((child) => datum(child, depth + 1)),
            limit,
            own
          )
  }
}

const tagData = (image: string, hue: number, tags: ReadonlyArray<Tag>): ReadonlyArray<Datum> =>
  biggest(
    tags.map((tag) => ({
      key: `${image}:${tag.name}`,
      kind: "tag",
      label: tag.name,
      target: `${image}:${tag.name}`,
      hue,
      bytes: tag.disk_size ?? 0,
      parts: []
    })),
    limits[0]!,
    { key: image, target: image, hue }
  )

/** The tiles of what is in a node, frames before what lies in them. */
export const layout = (node: Node, { height, tags, width }: Options): ReadonlyArray<Tile> => {
  if (width <= 0 || height <= 0) return []
  const top = datum(node, 0)
  const shown = node.kind === "repository" ? { ...top, parts: tagData(node.path, node.hue, tags) } : top
  const tree = hierarchy<Datum>(shown, ({ parts }) => parts)
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
    const { bytes, hue, key, kind, label, target } = at.data
    tiles.push({ key, kind, label, bytes, hue, target, x: at.x0, y: at.y0, width, height, frame })
    if (frame) at.children!.forEach(put)
  }
  laidOut.children?.forEach(put)
  return tiles
}
