/**
 * What the page computes before it draws.
 */
import { describe, expect, it } from "vitest"
import type { Image } from "../src/api/Resources.ts"
import * as Csv from "../src/usage/Csv.ts"
import * as Rows from "../src/usage/Rows.ts"
import * as Search from "../src/usage/Search.ts"
import { comparator } from "../src/usage/Sort.ts"
import * as Tree from "../src/usage/Tree.ts"
import { layout } from "../src/usage/Treemap.ts"
import * as Format from "../src/view/Format.ts"
import * as Location from "../src/view/Location.ts"

const image = (name: string, disk: number | null, tags = 1): Image => ({
  name,
  size: disk === null ? null : 2 * disk,
  disk_size: disk,
  unique_size: disk,
  tags
})

const images = [
  image("a/web", 100),
  image("a/web/nightly", 300, 12),
  image("b/c/d/one", 50),
  image("b/c/d/two", 40),
  image("top", 10),
  image("v/secret", null)
]
const tree = Tree.make(images)
const options: Rows.Options = {
  order: { sort: "disk_size", descending: true },
  grouped: true,
  expanded: new Set(),
  tags: () => undefined,
  namespaceUnique: () => undefined
}

describe("Tree", () => {
  it("sums up, and tells a namespace from a repository of the same name", () => {
    expect(tree.root).toMatchObject({ disk_size: 500, images: 6, unreadable: 1 })
    expect(tree.byPath.get("a/web")).toMatchObject({ kind: "repository", disk_size: 100 })
    expect(tree.byPath.get("a/web/")).toMatchObject({ kind: "namespace", disk_size: 300, tags: 12 })
  })

  it("takes namespaces together that hold nothing else", () => {
    const one = tree.byPath.get("b/c/d/one")!
    expect(Tree.trail(one).map(({ label }) => label)).toEqual(["", "b/c/d", "one"])
    expect(Tree.nodeAt(tree, "b/").path).toBe("b/c/d/")
  })

  it("leads from what is not there to the closest that is", () => {
    expect(Tree.nodeAt(tree, "a/web/gone").path).toBe("a/web/")
    expect(Tree.nodeAt(tree, "nowhere/at/all").path).toBe("")
  })

  it("gives each namespace at the top a colour of its own", () => {
    const hues = tree.root.children.filter(({ kind }) => kind === "namespace").map(({ hue }) => hue)
    expect(new Set(hues).size).toBe(hues.length)
    expect(Tree.restrict(tree, images.slice(2, 3)).byPath.get("b/c/d/one")!.hue).toBe(tree.byPath.get("b/c/d/one")!.hue)
  })

  it("does not tell 0 for what could not be read", () => {
    expect(Tree.sizesOf(tree.byPath.get("v/")!)).toEqual({ size: null, disk_size: null })
  })
})

describe("Rows", () => {
  it("are sorted at each level, what is unknown last", () => {
    const keys = (given: Partial<Rows.Options>) => Rows.below(tree.root, { ...options, ...given }).map(({ key }) => key)
    expect(keys({})).toEqual(["a/", "b/c/d/", "top", "v/"])
    expect(keys({ order: { sort: "disk_size", descending: false } })).toEqual(["top", "b/c/d/", "a/", "v/"])
    expect(keys({ grouped: false })).toEqual(["a/web/nightly", "a/web", "b/c/d/one", "b/c/d/two", "top", "v/secret"])
    expect(keys({ expanded: new Set(["a/"]) })).toEqual(["a/", "a/web/", "a/web", "b/c/d/", "top", "v/"])
  })

  it("say that tags are on their way, could not be had, or are none", () => {
    const below = (tags: Rows.Options["tags"]) => Rows.below(tree.byPath.get("top")!, { ...options, tags })
    expect(below(() => undefined)).toMatchObject([{ kind: "note", text: "Loading tags …" }])
    expect(below(() => ({ state: "done", value: [] }))).toMatchObject([{ text: "No tags." }])
  })

  it("are written as CSV, unknown as empty and not as 0", () => {
    const csv = Csv.format(Rows.below(tree.root, { ...options, grouped: false }))
    expect(csv.split("\r\n")).toEqual([
      "repository,tag,size,disk_size,unique_size,tags",
      "a/web/nightly,,600,300,300,12",
      "a/web,,200,100,100,1",
      "b/c/d/one,,100,50,50,1",
      "b/c/d/two,,80,40,40,1",
      "top,,20,10,10,1",
      "v/secret,,,,,1",
      ""
    ])
  })
})

describe("Sort", () => {
  it("takes numbers in names as numbers", () => {
    const values = (name: string) => ({ name, size: 0, disk_size: 0, unique_size: 0, tags: 0 })
    const sorted = ["1.10.0", "1.9.0", "1.2.0"].map(values).sort(comparator({ sort: "name", descending: false }))
    expect(sorted.map(({ name }) => name)).toEqual(["1.2.0", "1.9.0", "1.10.0"])
  })
})

describe("Search", () => {
  it("is for a repository, a tag, or both", () => {
    expect(Search.parse(" Web ")).toEqual({ repository: "web", tag: undefined })
    expect(Search.parse("web:Night")).toEqual({ repository: "web", tag: "night" })
    expect(Search.parse(":latest")).toEqual({ repository: "", tag: "latest" })
  })
})

describe("Treemap", () => {
  const area = { width: 800, height: 300, tags: [] }

  it("draws areas in proportion to what is on disk", () => {
    const tiles = layout(tree.byPath.get("b/c/d/")!, area)
    const [one, two] = tiles.map(({ height, width }) => width * height)
    expect(tiles.map(({ key }) => key)).toEqual(["b/c/d/one", "b/c/d/two"])
    expect(one! / two!).toBeCloseTo(50 / 40, 1)
  })

  it("draws a bounded number of tiles of however many repositories, and loses no byte", () => {
    const many = Tree.make(Array.from({ length: 10_000 }, (_, i) => image(`all/r${i}`, Math.round(1e6 / (i + 1)))))
    const tiles = layout(many.byPath.get("all/")!, area)
    expect(tiles.length).toBeLessThanOrEqual(240)
    expect(tiles.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(many.root.disk_size)
  })

  it("stays within its area, nothing over anything but frames", () => {
    const tiles = layout(tree.root, area)
    expect(tiles.length).toBeGreaterThan(3)
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

describe("Format", () => {
  it("says sizes with three digits, in either unit", () => {
    expect(Format.bytes(0, "binary")).toBe("0\u00a0B")
    expect(Format.bytes(1536, "binary")).toBe("1.50\u00a0KiB")
    expect(Format.bytes(1536, "decimal")).toBe("1.54\u00a0kB")
    expect(Format.bytes(1023, "binary")).toBe("1.00\u00a0KiB")
    expect(Format.bytes(Number.MAX_SAFE_INTEGER, "binary")).toBe("8.00\u00a0PiB")
    expect(Format.bytes(null, "binary")).toBe("unknown")
  })

  it("never rounds a share to nothing or to all", () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(Format.percent)).toEqual(["0 %", "< 1 %", "50 %", "> 99 %", "100 %"])
  })

  it("says how long ago something was", () => {
    expect(Format.ago(1000, 1020)).toBe("just now")
    expect(Format.ago(1000, 1000 + 125)).toBe("2 minutes ago")
    expect(Format.ago(1000, 1000 + 86_400)).toBe("yesterday")
  })
})

describe("Location", () => {
  it("reads back what it wrote", () => {
    const views: ReadonlyArray<Location.View> = [
      Location.start,
      { ...Location.start, path: "a/web/", query: "we?b#&=:1 %", detail: "a/web:1.0", grouped: false },
      { ...Location.start, path: "a/web", sort: "name", descending: false, map: false },
      { ...Location.start, trend: false, period: "1y", lines: ["size"], by: "unique_size", growers: "namespaces" },
      { ...Location.start, past: "2026-01-31T12:00:00.123Z", detail: "a/web" }
    ]
    for (const view of views) expect(Location.parse(Location.format(view))).toEqual(view)
    expect(Location.format(Location.start)).toBe("#/")
  })

  it("bears any fragment", () => {
    for (const fragment of ["", "#", "#/%E0%A4%A", "#?&&=&", "#/a?sort=up&at=&q", "#/?period=2d&lines=no&by=&of=x"]) {
      const { by, descending, growers, lines, period, sort } = Location.start
      expect(Location.parse(fragment)).toMatchObject({ by, descending, growers, lines, period, sort })
    }
  })
})
