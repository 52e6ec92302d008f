import { Bytes, Growth, type History, Names } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"

type Entry = readonly [History.Entity, History.Figures]

const figures = (size: number | undefined): History.Figures => ({
  sizes:
    size === undefined
      ? undefined
      : { size: Bytes.make(size * 3), diskSize: Bytes.make(size), uniqueSize: Bytes.make(size * 2) },
  repositories: 1,
  tags: 1,
  gaps: 0
})

/** Images, and the namespaces that they lie in with their sums. */
const registry = (images: Record<string, number | undefined>): ReadonlyArray<Entry> => {
  const sums = new Map([["", 0]])
  for (const [name, size] of Object.entries(images)) {
    const parts = name.split("/").slice(0, -1)
    parts.forEach((_, i) => {
      const path = parts.slice(0, i + 1).join("/")
      sums.set(path, (sums.get(path) ?? 0) + (size ?? 0))
    })
    sums.set("", sums.get("")! + (size ?? 0))
  }
  return [
    ...Array.from(sums, ([path, size]): Entry => [{ _tag: "Namespace", path }, figures(size)]),
    ...Object.entries(images).map(([name, size]): Entry => [
      { _tag: "Repository", path: Names.RepositoryName.make(name) },
      figures(size)
    ])
  ]
}

const name = fc
  .tuple(fc.constantFrom("a", "b", "b/c", "bc"), fc.constantFrom("x", "y", "z"))
  .map((parts) => parts.join("/"))
const images = fc.dictionary(name, fc.option(fc.nat(1000), { nil: undefined, freq: 8 }))

describe("Growth", () => {
  const before = registry({ "a/app": 100, "a/sub/tool": 50, "b/old": 70, "b/same": 5, "b/lost": 10, "ab/x": 1 })
  const after = registry({ "a/app": 150, "a/sub/tool": 20, "b/new": 50, "b/same": 5, "b/lost": undefined, "ab/x": 2 })
  const paths = (growth: Growth.Growth | undefined) => growth?.growers.map(({ path }) => path)

  it("sorts by change, ties by name, what is unknown last; what did not change is left out", () => {
    const growth = Growth.compare(before, after)!
    expect(paths(growth)).toEqual(["a/app", "b/new", "ab/x", "a/sub/tool", "b/old", "b/lost"])
    expect(growth).toMatchObject({ before: 236, after: 227, change: -9, matching: 6, presence: "both" })
    expect(growth.growers[0]).toEqual({
      path: "a/app",
      before: 100,
      after: 150,
      change: 50,
      percent: 50,
      presence: "both",
      disk: undefined,
      partial: false
    })
    expect(growth.growers[1]).toMatchObject({ before: 0, after: 50, percent: undefined, presence: "new" })
    expect(growth.growers[4]).toMatchObject({ before: 70, after: 0, percent: -100, presence: "gone" })
    expect(growth.growers[5]).toMatchObject({ before: 10, after: undefined, change: undefined, percent: undefined })
  })

  it("compares what lies below a namespace alone, and by other sizes", () => {
    const growth = Growth.compare(before, after, { below: "a", by: "size", limit: 1 })!
    expect(growth).toMatchObject({ before: 450, after: 510, change: 60, matching: 2 })
    expect(growth.growers).toMatchObject([{ path: "a/app", before: 300, after: 450 }])
    expect(paths(Growth.compare(before, after, { of: "namespaces" }))).toEqual(["a", "ab", "a/sub", "b"])
    expect(paths(Growth.compare(before, after, { of: "namespaces", below: "a" }))).toEqual(["a/sub"])
    expect(Growth.compare(before, after, { below: "nothing" })).toBeUndefined()
    expect(Growth.compare([], [])).toBeUndefined()
    expect(Growth.compare([], after)).toMatchObject({ before: 0, presence: "new" })
  })

  it("F110 sorts by new bytes, then by freed ones, and counts what is only charged elsewhere as moved", () => {
    const part = (newBytes: number, freedBytes = 0, unreadBytes = 0) => ({ newBytes, freedBytes, unreadBytes })
    // Of a/app 30 are new and 20 moved; a/sub/tool lost 10 and 20 moved away; b/new has all of b/old but 20.
    const changes = new Map([
      ["a/app", part(30)],
      ["a/sub/tool", part(0, 10)],
      ["b/old", part(0, 20)],
      ["ab/x", part(0, 0, 1)]
    ])
    const growth = Growth.compare(before, after, { changes })!
    expect(growth.growers.map(({ disk, path }) => [path, disk?.newBytes, disk?.movedBytes])).toEqual([
      ["a/app", 30, 20],
      ["b/new", 0, 50],
      ["ab/x", 0, 0],
      ["a/sub/tool", 0, -20],
      ["b/old", 0, -50],
      ["b/lost", undefined, undefined]
    ])
    expect(Growth.added(growth.growers[1]!)).toBe(0)
    expect(Growth.added(growth.growers[3]!)).toBe(-10)
    const groups = Growth.compare(before, after, { changes, of: "namespaces" })!
    expect(groups.growers).toMatchObject([
      { path: "a", change: 20, disk: { newBytes: 30, freedBytes: 10, movedBytes: 0 } },
      { path: "ab", change: 1, disk: { newBytes: 0, unreadBytes: 1, movedBytes: 0 } },
      { path: "a/sub", change: -30, disk: { newBytes: 0, freedBytes: 10, movedBytes: -20 } },
      { path: "b" }
    ])
    expect(Growth.compare(before, after, { changes, by: "disk_size" })!.growers[1]!.path).toBe("b/new")
    expect(Growth.added(Growth.compare(before, after)!.growers[1]!)).toBe(50)
  })

  it("lists what replaced as much as it freed, which changes no size", () => {
    const same = registry({ "a/app": 100 })
    const changes = new Map([["a/app", { newBytes: 40, freedBytes: 40, unreadBytes: 0 }]])
    expect(Growth.compare(same, same, { changes })!.growers).toMatchObject([{ path: "a/app", change: 0 }])
    expect(Growth.compare(same, same, { changes: new Map() })!.growers).toEqual([])
  })

  it("changes of images add up to that of their namespace, and turn round with time (property)", () =>
    fc.assert(
      fc.property(images, images, fc.constantFrom("", "b"), (was, is, below) => {
        const there = Growth.compare(registry(was), registry(is), { below })
        const back = Growth.compare(registry(is), registry(was), { below })
        expect(there === undefined).toBe(back === undefined)
        if (there === undefined || back === undefined) return
        expect(back.change).toBe(0 - there.change!)
        expect(new Set(paths(back))).toEqual(new Set(paths(there)))
        const isKnown = [was, is].every((all) => Object.values(all).every((size) => size !== undefined))
        if (isKnown) expect(there.growers.reduce((sum, { change }) => sum + change!, 0)).toBe(there.change)
        const changes = there.growers.map(({ change }) => change ?? -Infinity)
        expect(changes).toEqual(changes.toSorted((a, b) => b - a))
      })
    ))
})
