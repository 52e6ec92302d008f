/**
 * What the page computes of the history before it draws.
 */
import { describe, expect, it } from "vitest"
import * as Links from "../../src/api/Links.ts"
import type { Point, Projection } from "../../src/api/Resources.ts"
import { endOfDay } from "../../src/parts/trend/SnapshotPicker.tsx"
import * as Course from "../../src/usage/TimeSeries.ts"
import { sentence } from "../../src/usage/Projection.ts"
import { sizeTicks, timeLabels } from "../../src/usage/Ticks.ts"
import * as Format from "../../src/view/Format.ts"

const point = (timestamp: number, disk: number | null, virtual = disk): Point => ({
  timestamp,
  size: virtual,
  disk_size: disk,
  unique_size: disk === null ? null : disk / 2,
  images: 1,
  tags: 1,
  gaps: 0
})

const space = "\u00a0"

describe("Links", () => {
  it("are filled in, and left as they are where they are no templates", () => {
    const image = { href: "/r/images/{image}", templated: true }
    expect(Links.expand(image, { image: "a/b c" })).toBe("/r/images/a%2Fb%20c")
    expect(Links.expand({ href: "/images{?at}", templated: true }, {})).toBe("/images")
    expect(Links.expand({ href: "/images{?at,of}", templated: true }, { at: "1:0", of: "x" })).toBe(
      "/images?at=1%3A0&of=x"
    )
    expect(Links.expand({ href: "/{x}" }, { x: "y" })).toBe("/{x}")
  })

  it("keep the query that they have", () => {
    expect(Links.withQuery("/history", { from: "7d" })).toBe("/history?from=7d")
    expect(Links.withQuery("/images/a?at=x", { links: "true", of: "&" })).toBe("/images/a?at=x&links=true&of=%26")
    expect(Links.withQuery("/history", {})).toBe("/history")
  })
})

describe("Course", () => {
  const points = [point(1, null), point(2, 100, 900), point(3, null), point(4, 150, 950)]

  it("has a gap where a size is not known, which is not 0", () => {
    expect(Course.column(points, "disk_size")).toEqual([null, 100, null, 150])
    expect(Course.extent(points, ["disk_size", "unique_size"])).toEqual([50, 150])
    expect(Course.extent(points.slice(0, 1), ["size"])).toBeUndefined()
    expect(Course.extent(points, [])).toBeUndefined()
  })

  it("changed from the first size that is known to the last one", () => {
    expect(Course.change(points, "disk_size")).toEqual({ change: 50, percent: 50 })
    expect(Course.change([point(1, 0), point(2, 7)], "disk_size")).toEqual({ change: 7, percent: null })
    expect(Course.change(points.slice(0, 2), "disk_size")).toBeUndefined()
  })

  it("has another axis for what the tags add up to where that is many times what is stored", () => {
    expect(Course.isApart(points, ["disk_size", "size"])).toBe(true)
    expect(Course.isApart(points, ["size"])).toBe(false)
    expect(Course.isApart(points, ["disk_size"])).toBe(false)
    expect(Course.isApart([point(1, 100, 200)], ["disk_size", "size"])).toBe(false)
  })

  it("is walked through with keys, from the last point on, and not beyond its ends", () => {
    expect(Course.step("ArrowLeft", undefined, 30)).toBe(29)
    expect(Course.step("ArrowRight", undefined, 30)).toBe(29)
    expect(Course.step("ArrowLeft", 0, 30)).toBe(0)
    expect(Course.step("ArrowRight", 3, 30)).toBe(4)
    expect(Course.step("PageUp", 10, 30)).toBe(7)
    expect(Course.step("Home", 10, 30)).toBe(0)
    expect(Course.step("End", 10, 30)).toBe(29)
    expect(Course.step("a", 10, 30)).toBeUndefined()
  })
})

describe("Past", () => {
  it("is the end of a day that is over", () => {
    const now = new Date("2026-02-01T12:00:00")
    expect(endOfDay("2026-01-31", now)).toBe(new Date("2026-01-31T23:59:59.999").toISOString())
    expect(endOfDay("2026-02-01", now)).toBeUndefined()
    expect(endOfDay("2027-02-01", now)).toBeUndefined()
    expect(endOfDay("", now)).toBeUndefined()
  })

  it("is found again by the instant of a look", () => {
    expect(Course.toInstant(1769860800.123)).toBe("2026-01-31T12:00:00.123Z")
  })
})

describe("Ticks", () => {
  const told = (low: number, high: number, units: Format.Units = "binary") => sizeTicks(low, high, 4, units)

  it("of sizes are round in the unit of the reader, and hold all that is drawn", () => {
    expect(told(0, 1000, "decimal").labels).toEqual(["0.0", "0.5", "1.0"].map((text) => `${text}${space}kB`))
    expect(told(700 * 1024, 720 * 1024).labels).toEqual(
      ["700", "705", "710", "715", "720"].map((t) => `${t}${space}KiB`)
    )
    expect(told(10, 11).labels).toEqual([`10${space}B`, `11${space}B`])
    for (const [low, high] of [
      [0, 0],
      [1, 1],
      [0, 1],
      [3, 2 ** 53 - 1],
      [2 ** 40, 2 ** 40 + 1],
      [123_456_789, 987_654_321],
      [5_000_000, 5_000_100]
    ] as const) {
      for (const units of ["binary", "decimal"] as const) {
        const { labels, ticks } = told(low, high, units)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(12)
        expect(ticks[0]).toBeLessThanOrEqual(low)
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(high * (1 - 1e-9))
        expect(new Set(labels).size, `${low} ${high} ${labels.join(" ")}`).toBe(labels.length)
      }
    }
  })

  it("begin at 0 unless what is drawn is far from it", () => {
    expect(told(300, 1000).ticks[0]).toBe(0)
    expect(told(900, 1000).ticks[0]).toBe(900)
  })

  it("of time tell the day at midnight, and the year in January", () => {
    const at = (text: string) => new Date(text).getTime() / 1000
    const plain = (seconds: number, options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(undefined, options).format(seconds * 1000)
    const [evening, midnight] = [at("2026-01-30T18:00:00"), at("2026-01-31T00:00:00")]
    expect(timeLabels([evening, midnight], 6 * 3600)).toEqual([
      plain(evening, { hour: "2-digit", minute: "2-digit" }),
      plain(midnight, { day: "numeric", month: "short" })
    ])
    const [december, january] = [at("2025-12-01T00:00:00"), at("2026-01-01T00:00:00")]
    expect(timeLabels([december, january], 30 * 86_400)).toEqual([
      plain(december, { month: "short" }),
      plain(january, { month: "short", year: "numeric" })
    ])
    expect(new Set(timeLabels([evening, evening + 1], 1)).size).toBe(2)
  })
})

describe("Format", () => {
  it("says changes with their sign", () => {
    expect([1536, -1536, 0].map((value) => Format.change(value, "binary"))).toEqual([
      `+1.50${space}KiB`,
      `−1.50${space}KiB`,
      `±0${space}B`
    ])
    expect([85.71, -100, 1.44, 0, 0.01, -0.01, 1234].map(Format.percentChange)).toEqual([
      "+86 %",
      "−100 %",
      "+1.4 %",
      "0 %",
      "+< 0.1 %",
      "−< 0.1 %",
      "+1,234 %"
    ])
  })
})

describe("Projection", () => {
  const full_at = new Date("2027-03-22T12:00:00").getTime() / 1000
  const projection: Projection = {
    method: "theil-sen",
    bytes_per_day: 2048,
    days: 119.7,
    full_at,
    reason: null,
    based_on: { points: 31, from: 1, to: 2 }
  }
  const of = (given: Partial<Projection>) => sentence({ ...projection, ...given }, "binary")

  it("says when it will be full, and on which day", () => {
    expect(of({})).toBe(`Full in about 120 days, on ${Format.onDay(full_at)}.`)
    expect(of({ days: 0.2 })).toContain("about 1 day,")
    expect(of({ days: 0 })).toBe("It is full.")
  })

  it("says why it cannot tell", () => {
    const none = { days: null, full_at: null }
    expect(of({ ...none, reason: "no-capacity" })).toBe(`+2.00${space}KiB a day on disk.`)
    expect(of({ ...none, reason: "no-capacity", bytes_per_day: null })).toBeUndefined()
    expect(of({ ...none, reason: "too-few-points", bytes_per_day: null })).toContain("three days")
    expect(of({ ...none, reason: "not-growing" })).toContain("not grow")
    expect(of({ ...none, reason: "beyond-a-century" })).toContain("century")
  })
})
