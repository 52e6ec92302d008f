import { describe, expect, it } from "vitest"
import { sizeTicks, timeLabels } from "../../src/usage/Ticks.ts"
import type * as Format from "../../src/view/Format.ts"

const space = "\u00a0"

describe("Ticks", () => {
  const ticksOf = (low: number, high: number, units: Format.Units = "binary") => sizeTicks(low, high, 4, units)

  it("of sizes are round in the user's unit, and span all values", () => {
    expect(ticksOf(0, 1000, "decimal").labels).toEqual(["0.0", "0.5", "1.0"].map((text) => `${text}${space}kB`))
    expect(ticksOf(700 * 1024, 720 * 1024).labels).toEqual(
      ["700", "705", "710", "715", "720"].map((t) => `${t}${space}KiB`)
    )
    expect(ticksOf(10, 11).labels).toEqual([`10${space}B`, `11${space}B`])
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
        const { labels, ticks } = ticksOf(low, high, units)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(12)
        expect(ticks[0]).toBeLessThanOrEqual(low)
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(high * (1 - 1e-9))
        expect(new Set(labels).size, `${low} ${high} ${labels.join(" ")}`).toBe(labels.length)
      }
    }
  })

  it("begin at 0 unless all values are far from it", () => {
    expect(ticksOf(300, 1000).ticks[0]).toBe(0)
    expect(ticksOf(900, 1000).ticks[0]).toBe(900)
  })

  it("of time show the day at midnight, and the year in January", () => {
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
