import { DurationText } from "@gitlab-registry-usage/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"

const second = 1000
const hour = 3_600_000
const day = 24 * hour

describe("DurationText", () => {
  const accepted: ReadonlyArray<readonly [text: string, millis: number]> = [
    ["2 weeks", 14 * day],
    ["2 Weeks", 14 * day],
    ["1 week, 3 days", 10 * day],
    ["1 week 3 days", 10 * day],
    ["1w,3d", 10 * day],
    ["2w", 14 * day],
    ["90s", 90 * second],
    ["15m", 900 * second],
    ["1h30m", 5400 * second],
    ["1 hour 30 minutes", 5400 * second],
    ["300 ms", 300],
    ["500 millis", 500],
    ["0 seconds", 0],
    [" 1 d ", day],
    ["15 min", 900 * second],
    ["3 months", 90 * day]
  ]
  for (const [text, millis] of accepted) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const duration = DurationText.parse(text)
      assert.strictEqual(duration && Duration.toMillis(duration), millis)
    })
  }

  for (const text of ["", "2", "weeks", "2 fortnights", "-1 day", "1.5 h", "1 h and 2 m", "1h,", "1e3 s", "Infinity"]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.isUndefined(DurationText.parse(text)))
  }

  const formatted: ReadonlyArray<readonly [millis: number, text: string]> = [
    [0, "0s"],
    [300, "300ms"],
    [90 * second, "90s"],
    [36 * hour, "36h"],
    [14 * day, "14d"]
  ]
  for (const [millis, text] of formatted) {
    it(`formats ${millis} ms as ${text}, which it reads as the same`, () => {
      assert.strictEqual(DurationText.format(Duration.millis(millis)), text)
      assert.strictEqual(Duration.toMillis(DurationText.parse(text)!), millis)
    })
  }

  it("refuses what milliseconds cannot count exactly", () =>
    assert.isUndefined(DurationText.parse("999999999999999 weeks")))
})
