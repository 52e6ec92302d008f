import { describe, expect, it } from "vitest"
import * as Csv from "../../src/usage/Csv.ts"
import * as Rows from "../../src/usage/Rows.ts"
import { tree } from "./tree.ts"

const options: Rows.Options = {
  order: { sort: "disk_size", descending: true },
  grouped: true,
  expanded: new Set(),
  tags: () => undefined,
  namespaceUnique: () => undefined
}

describe("Rows", () => {
  it("are sorted at each level, unknown values last", () => {
    const keys = (given: Partial<Rows.Options>) => Rows.below(tree.root, { ...options, ...given }).map(({ key }) => key)
    expect(keys({})).toEqual(["a/", "b/c/d/", "top", "v/"])
    expect(keys({ order: { sort: "disk_size", descending: false } })).toEqual(["top", "b/c/d/", "a/", "v/"])
    expect(keys({ grouped: false })).toEqual(["a/web/nightly", "a/web", "b/c/d/one", "b/c/d/two", "top", "v/secret"])
    expect(keys({ expanded: new Set(["a/"]) })).toEqual(["a/", "a/web/", "a/web", "b/c/d/", "top", "v/"])
  })

  it("say that tags are loading, or that there are none", () => {
    const below = (tags: Rows.Options["tags"]) => Rows.below(tree.byPath.get("top")!, { ...options, tags })
    expect(below(() => undefined)).toMatchObject([{ kind: "note", text: "Loading tags …" }])
    expect(below(() => ({ state: "done", value: [] }))).toMatchObject([{ text: "No tags." }])
  })

  it("are in a file whose name has the place and the instant of the snapshot", () => {
    const timestamp = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000
    expect(Csv.fileName("", timestamp)).toBe("registry-usage-2026-01-02T0304Z.csv")
    expect(Csv.fileName("a/web/", timestamp)).toBe("registry-usage-a-web-2026-01-02T0304Z.csv")
  })

  it("are written as CSV, an unknown size as empty and not as 0", () => {
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
