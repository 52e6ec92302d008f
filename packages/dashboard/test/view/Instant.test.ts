import { describe, expect, it } from "vitest"
import * as Instant from "../../src/view/Instant.ts"

describe("Instant", () => {
  it("is the end of a day that is over", () => {
    const now = new Date("2026-02-01T12:00:00")
    expect(Instant.endOfDay("2026-01-31", now)).toBe(new Date("2026-01-31T23:59:59.999").toISOString())
    expect(Instant.endOfDay("2026-02-01", now)).toBeUndefined()
    expect(Instant.endOfDay("2027-02-01", now)).toBeUndefined()
    expect(Instant.endOfDay("", now)).toBeUndefined()
  })

  it("is the timestamp of a snapshot", () => {
    expect(Instant.fromSeconds(1769860800.123)).toBe("2026-01-31T12:00:00.123Z")
  })
})
