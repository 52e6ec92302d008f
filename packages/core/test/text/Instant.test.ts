import { Instant } from "@gitlab-registry-usage/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"

const latest = DateTime.makeUnsafe("2026-03-01T00:00:00Z")
const resolved = (text: string) => {
  const instant = Instant.parse(text)
  return instant && DateTime.formatIso(Instant.resolve(instant, latest))
}

describe("Instant", () => {
  const accepted = {
    "2026-01-31T12:00:00Z": "2026-01-31T12:00:00.000Z",
    "2026-01-31T12:00+02:00": "2026-01-31T10:00:00.000Z",
    " 2026-01-31 ": "2026-01-31T00:00:00.000Z",
    "1769860800": "2026-01-31T12:00:00.000Z",
    "1769860800.5": "2026-01-31T12:00:00.500Z",
    "7d": "2026-02-22T00:00:00.000Z",
    "1h30m": "2026-02-28T22:30:00.000Z",
    "0s": "2026-03-01T00:00:00.000Z"
  }
  for (const [text, iso] of Object.entries(accepted)) {
    it(`reads ${JSON.stringify(text)}`, () => assert.strictEqual(resolved(text), iso))
    it(`formats ${JSON.stringify(text)} as a text that it reads as the same`, () =>
      assert.strictEqual(resolved(Instant.format(Instant.parse(text)!)), iso))
  }

  for (const text of ["", "yesterday", "2026-02-30", "2026-01-31T12:00", "-1", "999999999999", "100000001d"]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.isUndefined(Instant.parse(text)))
  }

  it("names its forms where text cannot be decoded", () =>
    assert.throws(() => Schema.decodeUnknownSync(Instant.InstantText)("soon"), "an instant such as 7d"))
})
