/** Namespaces and repositories as a tree, summed up. */
import type { Image } from "../api/Resources.ts"

export interface Namespace {
  readonly kind: "namespace"
  /** `""` for all, else with a slash at the end, so that it is never taken for a repository of the same name. */
  readonly path: string
  /** The path below the parent. Where a namespace holds one namespace and nothing else, both are one. */
  readonly label: string
  readonly parent: Namespace | undefined
  readonly children: ReadonlyArray<Node>
  /** The sum of what is known. */
  readonly size: number
  readonly disk_size: number
  readonly tags: number
  readonly images: number
  /** How many of the images could not be read. */
  readonly unreadable: number
  /** An angle on the colour wheel: namespaces next to each other in the tree have angles next to each other. */
  readonly hue: number
}

export interface Repository {
  readonly kind: "repository"
  readonly path: string
  readonly label: string
  readonly parent: Namespace
  readonly image: Image
  readonly size: number | null
  readonly disk_size: number | null
  readonly tags: number | null
  readonly hue: number
}

export type Node = Namespace | Repository

export interface Tree {
  readonly root: Namespace
  readonly byPath: ReadonlyMap<string, Node>
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Growing = Omit<Writable<Namespace>, "children"> & { children: Array<Node> }

const namespace = (path: string, label: string, parent: Growing | undefined): Growing => ({
  kind: "namespace",
  path,
  label,
  parent,
  children: [],
  size: 0,
  disk_size: 0,
  tags: 0,
  images: 0,
  unreadable: 0,
  hue: 0
})

/** Sums up what is below, and takes a namespace together with the only namespace in it. */
const finish = (node: Growing): Growing => {
  const { children } = node
  for (let i = 0; i < children.length; i++) {
    const child = children[i]!
    if (child.kind === "repository") {
      node.size += child.size ?? 0
      node.disk_size += child.disk_size ?? 0
      node.tags += child.tags ?? 0
      node.images++
      if (child.image.size === null) node.unreadable++
      continue
    }
    const below = finish(child as Growing)
    children[i] = below
    below.parent = node
    node.size += below.size
    node.disk_size += below.disk_size
    node.tags += below.tags
    node.images += below.images
    node.unreadable += below.unreadable
  }
  const [only] = children
  if (node.parent === undefined || children.length !== 1 || only?.kind !== "namespace") return node
  return Object.assign(only as Growing, { label: `${node.label}/${only.label}`, parent: node.parent })
}

/** Where the wheel begins: blue for the biggest. */
const firstHue = 255

/**
 * Shares the angles of a namespace out among what is in it, the biggest first, with a gap to either side (after
 * Tennekes and de Jonge, Tree Colors, 2014).
 */
const colour = (node: Growing, from: number, to: number): void => {
  node.hue = (firstHue + (from + to) / 2 + 360) % 360
  const parts = node.children.toSorted((a, b) => (b.disk_size ?? 0) - (a.disk_size ?? 0))
  const namespaces = parts.filter((part) => part.kind === "namespace")
  const range = namespaces.length === 0 ? 0 : (to - from) / namespaces.length
  // On the whole wheel the last is next to the first; below that, neighbours may be alike.
  const gap = range * (node.parent === undefined ? 0.25 : 0.1)
  namespaces.forEach((part, i) => colour(part as Growing, from + i * range + gap, from + (i + 1) * range - gap))
  for (const part of parts) if (part.kind === "repository") (part as Writable<Repository>).hue = node.hue
}

const index = (node: Node, byPath: Map<string, Node>) => {
  byPath.set(node.path, node)
  if (node.kind === "namespace") for (const child of node.children) index(child, byPath)
}

/** The tree of these images. */
export const make = (images: ReadonlyArray<Image>): Tree => {
  const root = namespace("", "", undefined)
  const namespaces = new Map<string, Growing>([["", root]])
  const namespaceAt = (path: string): Growing => {
    const known = namespaces.get(path)
    if (known !== undefined) return known
    const end = path.lastIndexOf("/", path.length - 2) + 1
    const parent = namespaceAt(path.slice(0, end))
    const made = namespace(path, path.slice(end, -1), parent)
    parent.children.push(made)
    namespaces.set(path, made)
    return made
  }
  for (const image of images) {
    const end = image.name.lastIndexOf("/") + 1
    const parent = namespaceAt(image.name.slice(0, end))
    parent.children.push({
      kind: "repository",
      path: image.name,
      label: image.name.slice(end),
      parent,
      image,
      size: image.size,
      disk_size: image.disk_size,
      tags: image.tags ?? null,
      hue: 0
    })
  }
  const finished = finish(root)
  reparent(finished)
  // The wheel is turned so that the middle of the biggest part is at the first hue.
  const parts = finished.children.filter(({ kind }) => kind === "namespace").length
  const half = parts === 0 ? 0 : 180 / parts
  colour(finished, -half, 360 - half)
  const byPath = new Map<string, Node>()
  index(finished, byPath)
  return { root: finished, byPath }
}

/** Taking namespaces together leaves what is in them with a parent that is no more. */
const reparent = (node: Growing): void => {
  for (const child of node.children) {
    ;(child as { parent: Namespace }).parent = node
    if (child.kind === "namespace") reparent(child as Growing)
  }
}

/** The node at a path; where there is none, the closest one: what is below it in the same place, or what is above. */
export const nodeAt = ({ byPath, root }: Tree, path: string): Node => {
  const found = byPath.get(path)
  if (found !== undefined) return found
  if (path.endsWith("/")) {
    for (const node of byPath.values()) if (node.kind === "namespace" && node.path.startsWith(path)) return node
  }
  const end = path.lastIndexOf("/", path.length - 2) + 1
  return end === 0 ? root : nodeAt({ byPath, root }, path.slice(0, end))
}

/** The node and those above it, the topmost first. */
export const trail = (node: Node): ReadonlyArray<Node> =>
  node.parent === undefined ? [node] : [...trail(node.parent), node]

/** All repositories at or below the node. */
export const repositories = (node: Node): ReadonlyArray<Repository> => {
  if (node.kind === "repository") return [node]
  const found: Array<Repository> = []
  const collect = (at: Namespace) => {
    for (const child of at.children) {
      if (child.kind === "repository") found.push(child)
      else collect(child)
    }
  }
  collect(node)
  return found
}

/** The tree of some of the images, in the colours that they have in the tree of all. */
export const restrict = (all: Tree, images: ReadonlyArray<Image>): Tree => {
  const restricted = make(images)
  for (const [path, node] of restricted.byPath) {
    ;(node as Writable<Node>).hue = nodeAt(all, path).hue
  }
  return restricted
}

/** The sizes of a node as they are told: unknown, not 0, where nothing in it could be read. */
export const sizesOf = (node: Node): { readonly size: number | null; readonly disk_size: number | null } =>
  node.kind === "namespace" && node.images > 0 && node.unreadable === node.images
    ? { size: null, disk_size: null }
    : { size: node.size, disk_size: node.disk_size }
