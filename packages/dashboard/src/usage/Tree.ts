/** Namespaces and repositories as a tree, with the sums of each namespace. */
import type { Image } from "../api/Resources.ts"

export interface Namespace {
  readonly kind: "namespace"
  /** `""` for the whole registry; otherwise it ends with a slash, to differ from a repository of the same name. */
  readonly path: string
  /** The path below the parent. A namespace that holds one namespace and nothing else is merged with it. */
  readonly label: string
  readonly parent: Namespace | undefined
  readonly children: ReadonlyArray<Node>
  /** The sum of the known sizes; `null` where nothing in it could be read. */
  readonly size: number | null
  readonly disk_size: number | null
  /** Whether something in it could not be read. */
  readonly partial: boolean
  readonly tags: number
  readonly images: number
  /** How many of the images could not be read. */
  readonly unreadable: number
  /** An angle on the colour wheel; neighbours in the tree have neighbouring angles. */
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

/** The node and those above it, the topmost first. */
export const trail = (node: Node): ReadonlyArray<Node> =>
  node.parent === undefined ? [node] : [...trail(node.parent), node]

/** All repositories at or below the node. */
export const repositories = (node: Node): ReadonlyArray<Repository> =>
  node.kind === "repository" ? [node] : node.children.flatMap(repositories)

const makeRepository = (image: Image, parent: Namespace): Repository => ({
  kind: "repository",
  path: image.name,
  label: image.name.slice(parent.path.length),
  parent,
  image,
  size: image.size,
  disk_size: image.disk_size,
  tags: image.tags ?? null,
  hue: 0
})

const makeNamespace = (path: string, images: ReadonlyArray<Image>, parent?: Namespace): Namespace => {
  // The images of each namespace below; those directly in this one are at "".
  const below = Map.groupBy(images, ({ name }) => name.slice(0, name.indexOf("/", path.length) + 1))
  const [first = ""] = below.keys()
  if (parent !== undefined && below.size === 1 && first !== "") return makeNamespace(first, images, parent)
  const unreadable = images.filter(({ size }) => size === null).length
  const partial = images.some((image) => image.size === null || image.partial === true)
  const sum = (key: "size" | "disk_size" | "tags") => images.reduce((sum, image) => sum + (image[key] ?? 0), 0)
  // "At least 0" is unknown.
  const isUnknown = partial && sum("size") === 0
  const node: Writable<Namespace> = {
    kind: "namespace",
    path,
    label: path.slice(parent?.path.length ?? 0, -1),
    parent,
    children: [],
    size: isUnknown ? null : sum("size"),
    disk_size: isUnknown ? null : sum("disk_size"),
    partial,
    tags: sum("tags"),
    images: images.length,
    unreadable,
    hue: 0
  }
  node.children = [...below].flatMap(([path, images]): ReadonlyArray<Node> =>
    path === "" ? images.map((image) => makeRepository(image, node)) : [makeNamespace(path, images, node)]
  )
  return node
}

/** The hue of the biggest namespace: blue. */
const firstHue = 255

/**
 * Divides the angles of a namespace among its namespaces, the biggest first, with a gap to either side (after Tennekes
 * and de Jonge, Tree Colors, 2014).
 */
const colour = (node: Writable<Namespace>, from: number, to: number): void => {
  node.hue = (firstHue + (from + to) / 2 + 360) % 360
  const children = node.children.toSorted((a, b) => (b.disk_size ?? 0) - (a.disk_size ?? 0))
  const namespaces = children.filter((child) => child.kind === "namespace")
  const range = (to - from) / Math.max(1, namespaces.length)
  // On the whole wheel the last one is next to the first; below that, neighbours may look alike.
  const gap = range * (node.parent === undefined ? 0.25 : 0.1)
  namespaces.forEach((child, i) => colour(child, from + i * range + gap, from + (i + 1) * range - gap))
  for (const child of children) if (child.kind === "repository") (child as Writable<Repository>).hue = node.hue
}

const nodes = (node: Node): ReadonlyArray<Node> =>
  node.kind === "repository" ? [node] : [node, ...node.children.flatMap(nodes)]

export const make = (images: ReadonlyArray<Image>): Tree => {
  const root = makeNamespace("", images)
  // The middle of the biggest namespace is at the first hue.
  const namespaces = root.children.filter(({ kind }) => kind === "namespace").length
  const half = namespaces === 0 ? 0 : 180 / namespaces
  colour(root, -half, 360 - half)
  return { root, byPath: new Map(nodes(root).map((node) => [node.path, node])) }
}

/** The node at a path, which may be a namespace without its slash, or one that is merged with the one below it. */
const find = ({ byPath }: Tree, path: string): Node | undefined => {
  const found = byPath.get(path) ?? byPath.get(`${path}/`)
  if (found !== undefined || !path.endsWith("/")) return found
  return Array.from(byPath.values()).find((node) => node.kind === "namespace" && node.path.startsWith(path))
}

export const exists = (tree: Tree, path: string): boolean => find(tree, path) !== undefined

/** The node at a path, or else the nearest one above. */
export const nodeAt = (tree: Tree, path: string): Node => {
  const end = path.lastIndexOf("/", path.length - 2) + 1
  return find(tree, path) ?? (end === 0 ? tree.root : nodeAt(tree, path.slice(0, end)))
}

/** The tree of some of the images, in the colours of the tree of all. */
export const restrict = (all: Tree, images: ReadonlyArray<Image>): Tree => {
  const restricted = make(images)
  for (const [path, node] of restricted.byPath) (node as Writable<Node>).hue = nodeAt(all, path).hue
  return restricted
}
