/**
 * The repositories as a treemap: groups contain groups and repositories; the area is the disk size.
 */
import { Usage } from "@gitlab-registry-usage/core"
import { Array } from "effect"
import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy"

/**
 * A rectangle in units of the drawing. `depth` 0 is the whole; a leaf is a repository, with its number; `group` is the
 * number of the top-level group that it lies in.
 */
export interface Rectangle {
  readonly path: string
  readonly name: string
  readonly bytes: number
  readonly depth: number
  readonly group: number
  readonly repository: number | undefined
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Node {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly repository?: number
  readonly children: ReadonlyArray<Node>
}

interface Leaf {
  readonly parts: ReadonlyArray<string>
  readonly repository: number
  readonly bytes: number
}

/** A group that contains one group alone is shown together with it, as `a/b`. */
const join = (group: Node): Node => {
  const [only, ...others] = group.children
  return only === undefined || others.length > 0 || only.repository !== undefined
    ? group
    : { ...only, name: `${group.name}/${only.name}` }
}

/** A project that has an image of its own name and others below it becomes a leaf and a group beside it. */
const nodesAt = (leaves: ReadonlyArray<Leaf>, depth: number): ReadonlyArray<Node> => {
  const here = leaves.filter(({ parts }) => parts.length === depth + 1)
  const below = leaves.filter(({ parts }) => parts.length > depth + 1)
  const pathOf = ({ parts }: Leaf) => parts.slice(0, depth + 1).join("/")
  return [
    ...here.map((leaf) => ({ ...leaf, name: leaf.parts[depth]!, path: pathOf(leaf), children: [] })),
    ...Object.entries(Array.groupBy(below, ({ parts }) => parts[depth]!)).map(([name, inside]) =>
      join({ name, path: pathOf(inside[0]), bytes: 0, children: nodesAt(inside, depth + 1) })
    )
  ]
}

const treeOf = (usage: Usage.Usage): Node => {
  const leaves = usage.inventory.repositories.map(({ name }, repository) => ({
    parts: name.split("/"),
    repository,
    bytes: Usage.repositorySizes(usage, repository)?.diskSize ?? 0
  }))
  const stored = leaves.filter(({ bytes }) => bytes > 0)
  return { name: "", path: "", bytes: 0, children: nodesAt(stored, 0) }
}

/** The height of a group's title. */
const title = 16

/** The rectangles in a drawing of this size, each group before its content. */
export const layout = (usage: Usage.Usage, width: number, height: number): ReadonlyArray<Rectangle> => {
  const root = hierarchy(treeOf(usage), ({ children }) => children)
    .sum(({ bytes }) => bytes)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0) || (a.data.path < b.data.path ? -1 : 1))
  const laid = treemap<Node>()
    .tile(treemapSquarify)
    .size([width, height])
    .paddingInner(2)
    .paddingOuter(({ depth }) => (depth === 0 ? 0 : 2))
    .paddingTop(({ depth }) => (depth === 0 ? 0 : title))
    .round(true)(root)
  const groups = new Map((laid.children ?? []).map((child, i) => [child, i]))
  return laid.descendants().map((at) => ({
    path: at.data.path,
    name: at.data.name,
    bytes: at.value ?? 0,
    depth: at.depth,
    group: groups.get(at.ancestors().at(-2) ?? at) ?? 0,
    repository: at.data.repository,
    x: at.x0,
    y: at.y0,
    width: at.x1 - at.x0,
    height: at.y1 - at.y0
  }))
}
