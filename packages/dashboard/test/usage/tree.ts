/** A small registry as a tree, for the tests of what is computed on it. */
import type { Image } from "../../src/api/Resources.ts"
import * as Tree from "../../src/usage/Tree.ts"

export const image = (name: string, disk: number | null, tags = 1): Image => ({
  name,
  size: disk === null ? null : 2 * disk,
  disk_size: disk,
  unique_size: disk,
  tags
})

export const images = [
  image("a/web", 100),
  image("a/web/nightly", 300, 12),
  image("b/c/d/one", 50),
  image("b/c/d/two", 40),
  image("top", 10),
  image("v/secret", null)
]

export const tree = Tree.make(images)
