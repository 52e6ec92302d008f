import { describe, expect, it } from "vitest"
import * as Tree from "../../src/usage/Tree.ts"
import { layout } from "../../src/usage/TreemapLayout.ts"
import { image, tree } from "./tree.ts"

describe("TreemapLayout", () => {
  const area = { width: 800, height: 300, tags: [] }

  it("draws areas in proportion to disk sizes", () => {
    const tiles = layout(tree.byPath.get("b/c/d/")!, area)
    const [one, two] = tiles.map(({ height, width }) => width * height)
    expect(tiles.map(({ key }) => key)).toEqual(["b/c/d/one", "b/c/d/two"])
    expect(one! / two!).toBeCloseTo(50 / 40, 1)
  })

  it("limits the number of tiles for any number of repositories, and loses no byte", () => {
    const many = Tree.make(Array.from({ length: 10_000 }, (_, i) => image(`all/r${i}`, Math.round(1e6 / (i + 1)))))
    const tiles = layout(many.byPath.get("all/")!, area)
    expect(tiles.length).toBeGreaterThan(3)
    expect(tiles.length).toBeLessThanOrEqual(240)
    expect(tiles.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(many.root.disk_size)
  })

  it("stays within its area; tiles overlap only frames", () => {
    const tiles = layout(tree.root, area)
    for (const { height, width, x, y } of tiles) {
      expect(x >= 0 && y >= 0 && x + width <= 800 && y + height <= 300).toBe(true)
    }
    const leaves = tiles.filter(({ frame }) => !frame)
    for (const a of leaves) {
      for (const b of leaves) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
        expect(a === b || apart).toBe(true)
      }
    }
  })
})
