import { describe, expect, it } from "vitest"
import type { Point } from "../../src/api/Resources.ts"
import * as TimeSeries from "../../src/usage/TimeSeries.ts"

const point = (timestamp: number, disk: number | null, size = disk): Point => ({
  timestamp,
  size,
  disk_size: disk,
  unique_size: disk === null ? null : disk / 2
})

describe("TimeSeries", () => {
  const points = [point(1, null), point(2, 100, 900), point(3, null), point(4, 150, 950)]

  it("has a gap where a size is not known, which is not 0", () => {
    expect(TimeSeries.column(points, "disk_size")).toEqual([null, 100, null, 150])
    expect(TimeSeries.extent(points, ["disk_size", "unique_size"])).toEqual([50, 150])
    expect(TimeSeries.extent(points.slice(0, 1), ["size"])).toBeUndefined()
    expect(TimeSeries.extent(points, [])).toBeUndefined()
  })

  it("changed from the first known size to the last one", () => {
    expect(TimeSeries.change(points, "disk_size")).toEqual({ change: 50, percent: 50 })
    expect(TimeSeries.change([point(1, 0), point(2, 7)], "disk_size")).toEqual({ change: 7, percent: null })
    expect(TimeSeries.change(points.slice(0, 2), "disk_size")).toBeUndefined()
  })

  it("has an axis of its own for the size where that is many times the disk size", () => {
    expect(TimeSeries.needsOwnAxis(points, ["disk_size", "size"])).toBe(true)
    expect(TimeSeries.needsOwnAxis(points, ["size"])).toBe(false)
    expect(TimeSeries.needsOwnAxis(points, ["disk_size"])).toBe(false)
    expect(TimeSeries.needsOwnAxis([point(1, 100, 200)], ["disk_size", "size"])).toBe(false)
  })

  it("moves with keys from the last point on, and not beyond its ends", () => {
    expect(TimeSeries.step("ArrowLeft", undefined, 30)).toBe(29)
    expect(TimeSeries.step("ArrowRight", undefined, 30)).toBe(29)
    expect(TimeSeries.step("ArrowLeft", 0, 30)).toBe(0)
    expect(TimeSeries.step("ArrowRight", 3, 30)).toBe(4)
    expect(TimeSeries.step("PageUp", 10, 30)).toBe(7)
    expect(TimeSeries.step("Home", 10, 30)).toBe(0)
    expect(TimeSeries.step("End", 10, 30)).toBe(29)
    expect(TimeSeries.step("a", 10, 30)).toBeUndefined()
  })
})
