import { describe, expect, it } from "vitest"
import * as Location from "../../src/view/Location.ts"

describe("Location", () => {
  it("reads back what it wrote", () => {
    const views: ReadonlyArray<Location.View> = [
      Location.start,
      { ...Location.start, path: "a/web/", query: "we?b#&=:1 %", detail: "a/web:1.0", grouped: false },
      { ...Location.start, path: "a/web", sort: "name", descending: false, map: false },
      {
        ...Location.start,
        trend: false,
        period: "1y",
        lines: ["size"],
        growthBy: "unique_size",
        growthOf: "namespaces"
      },
      { ...Location.start, instant: "2026-01-31T12:00:00.123Z", detail: "a/web" }
    ]
    for (const view of views) expect(Location.parse(Location.format(view))).toEqual(view)
    expect(Location.format(Location.start)).toBe("#/")
  })

  it("accepts any fragment", () => {
    for (const fragment of ["", "#", "#/%E0%A4%A", "#?&&=&", "#/a?sort=up&at=&q", "#/?period=2d&lines=no&by=&of=x"]) {
      const { descending, growthBy, growthOf, lines, period, sort } = Location.start
      expect(Location.parse(fragment)).toMatchObject({ descending, growthBy, growthOf, lines, period, sort })
    }
  })
})
