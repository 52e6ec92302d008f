import { describe, expect, it } from "vitest"
import type { Projection } from "../../src/api/Resources.ts"
import { sentence, words } from "../../src/usage/Projection.ts"
import * as Format from "../../src/view/Format.ts"

const space = "\u00a0"

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
    expect(of({ days: 4000 })).toBe("It will be full in more than 10 years.")
  })

  it("says why there is no projection", () => {
    const none = { days: null, full_at: null }
    expect(of({ ...none, reason: "no-capacity" })).toBe(`+2.00${space}KiB a day on disk.`)
    expect(of({ ...none, reason: "no-capacity", bytes_per_day: null })).toBeUndefined()
    expect(of({ ...none, reason: "too-few-points", bytes_per_day: null })).toContain("three days")
    expect(of({ ...none, reason: "not-growing" })).toContain("not grow")
    expect(of({ ...none, reason: "beyond-a-century" })).toContain("century")
  })

  it("says it in a few words, with the year where the day is far ahead", () => {
    const day = 86_400
    const said = (given: Partial<Projection>, now = full_at - 100 * day) => words({ ...projection, ...given }, now)
    expect(said({})).toBe("full on 22 March")
    expect(said({}, full_at - 400 * day)).toBe("full on 22 March 2027")
    expect(said({}, full_at + day)).toBe("expected to be full by now")
    expect(said({ days: 4000 })).toBe("full in more than 10 years")
    // The figure is of a later snapshot, and knows itself that the disk is full.
    expect(said({ days: 0 })).toBeUndefined()
    const none = { days: null, full_at: null }
    expect(said({ ...none, reason: "beyond-a-century" })).toBe("full in more than 10 years")
    expect(said({ ...none, reason: "not-growing" })).toBe("not growing")
    expect(said({ ...none, reason: "too-few-points" })).toBeUndefined()
    expect(said({ ...none, reason: "no-capacity" })).toBeUndefined()
  })
})
