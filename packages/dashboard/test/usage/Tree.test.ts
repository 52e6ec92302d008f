import { describe, expect, it } from "vitest"
import * as Tree from "../../src/usage/Tree.ts"
import { image, images, tree } from "./tree.ts"

describe("Tree", () => {
  it("sums up, and keeps a namespace apart from a repository of the same name", () => {
    expect(tree.root).toMatchObject({ disk_size: 500, images: 6, unreadable: 1 })
    expect(tree.byPath.get("a/web")).toMatchObject({ kind: "repository", disk_size: 100 })
    expect(tree.byPath.get("a/web/")).toMatchObject({ kind: "namespace", disk_size: 300, tags: 12 })
  })

  it("merges namespaces that hold nothing but a namespace", () => {
    const one = tree.byPath.get("b/c/d/one")!
    expect(Tree.trail(one).map(({ label }) => label)).toEqual(["", "b/c/d", "one"])
    expect(Tree.nodeAt(tree, "b/").path).toBe("b/c/d/")
  })

  it("finds the nearest node of a path without one", () => {
    expect(Tree.nodeAt(tree, "a/web/gone").path).toBe("a/web/")
    expect(Tree.nodeAt(tree, "nowhere/at/all").path).toBe("")
  })

  it("gives each namespace at the top a colour of its own", () => {
    const hues = tree.root.children.filter(({ kind }) => kind === "namespace").map(({ hue }) => hue)
    expect(new Set(hues).size).toBe(hues.length)
    expect(Tree.restrict(tree, images.slice(2, 3)).byPath.get("b/c/d/one")!.hue).toBe(tree.byPath.get("b/c/d/one")!.hue)
  })

  it("has no size where nothing could be read, instead of 0, and the least size where a part could", () => {
    expect(tree.byPath.get("v/")).toMatchObject({ size: null, disk_size: null })
    expect(tree.root.partial).toBe(true)
    expect(tree.byPath.get("b/c/d/")).toMatchObject({ partial: false })
    const part = Tree.make([{ ...image("p/part", 10), partial: true }, image("e/empty", 0), image("e/secret", null)])
    expect(part.byPath.get("p/")).toMatchObject({ disk_size: 10, partial: true })
    expect(part.byPath.get("e/")).toMatchObject({ disk_size: null, partial: true })
  })
})
