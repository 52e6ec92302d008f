/**
 * The repositories as a treemap: groups contain groups and repositories, and areas are bytes on disk.
 *
 * @since 0.1.0
 */
import { Usage } from "@gitlab-registry-usage/core"
import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy"

/**
 * A rectangle in units of the drawing. `depth` 0 is the whole; a leaf is a repository, with its number; `group` is the
 * number of the top-level group that it lies in.
 *
 * @category models
 * @since 0.1.0
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
  readonly repository?: number
  readonly bytes: number
  readonly children: Map<string, Node>
}

const node = (name: string, path: string, bytes = 0, repository?: number): Node => ({
  name,
  path,
  bytes,
  children: new Map(),
  ...(repository === undefined ? {} : { repository })
})

const treeOf = (usage: Usage.Usage): Node => {
  const root = node("", "")
  usage.inventory.repositories.forEach(({ name }, r) => {
    const bytes = Usage.repositorySizes(usage, r)?.diskSize ?? 0
    if (bytes === 0) return
    const parts = name.split("/")
    let at = root
    for (const [i, part] of parts.entries()) {
      const path = parts.slice(0, i + 1).join("/")
      // A project may hold an image of its own name and others below it: the leaf stands beside them.
      const key = i === parts.length - 1 ? `${part}\0` : part
      let next = at.children.get(key)
      if (next === undefined) {
        next = i === parts.length - 1 ? node(part, path, bytes, r) : node(part, path)
        at.children.set(key, next)
      }
      at = next
    }
  })
  return root
}

/** A group that holds one group alone is shown with it, as `a / b`. */
const joined = (from: Node): Node => {
  const children = new Map(Array.from(from.children, ([key, child]) => [key, joined(child)]))
  const only = children.size === 1 ? [...children.values()][0]! : undefined
  if (only === undefined || only.repository !== undefined || from.path === "") return { ...from, children }
  return { ...only, name: `${from.name}/${only.name}` }
}

/** Height of a group's title. */
const title = 16

/**
 * Lays the repositories out in a drawing of this size, groups before what they contain.
 *
 * @category constructors
 * @since 0.1.0
 */
export const layout = (usage: Usage.Usage, width: number, height: number): ReadonlyArray<Rectangle> => {
  const root = hierarchy(joined(treeOf(usage)), ({ children }) => [...children.values()])
    .sum(({ bytes }) => bytes)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0) || (a.data.path < b.data.path ? -1 : 1))
  const laid = treemap<Node>()
    .tile(treemapSquarify)
    .size([width, height])
    .paddingInner(2)
    .paddingTop(({ depth }) => (depth === 0 ? 0 : title))
    .paddingLeft(({ depth }) => (depth === 0 ? 0 : 2))
    .paddingRight(({ depth }) => (depth === 0 ? 0 : 2))
    .paddingBottom(({ depth }) => (depth === 0 ? 0 : 2))
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
