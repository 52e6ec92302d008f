import { Bytes } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"

const format = (bytes: number, decimal = false) => Bytes.format(Bytes.make(bytes), { decimal })

describe("Bytes.format", () => {
  it("has three significant digits, and never four before the point", () => {
    const shown = [
      0,
      1,
      999,
      1000,
      1023,
      1024,
      1536,
      10_235,
      10_239,
      102_298,
      1_022_975,
      1_023_999,
      1024 ** 2,
      2 ** 53 - 1
    ]
    expect(shown.map((bytes) => format(bytes))).toEqual([
      "0 B",
      "1 B",
      "999 B",
      "0.98 KiB",
      "1.00 KiB",
      "1.00 KiB",
      "1.50 KiB",
      "10.0 KiB",
      "10.0 KiB",
      "99.9 KiB",
      "999 KiB",
      "0.98 MiB",
      "1.00 MiB",
      "8.00 PiB"
    ])
    expect([999, 1000, 1_540_000, 999_499, 999_500].map((bytes) => format(bytes, true))).toEqual([
      "999 B",
      "1.00 kB",
      "1.54 MB",
      "999 kB",
      "1.00 MB"
    ])
  })

  it("is the size within half of its last digit", () =>
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.boolean(), (bytes, decimal) => {
        const [number, unit] = format(bytes, decimal).split(" ") as [string, string]
        const units = decimal ? ["B", "kB", "MB", "GB", "TB", "PB"] : ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        const factor = (decimal ? 1000 : 1024) ** units.indexOf(unit)
        const step = 10 ** -(number.split(".")[1]?.length ?? 0)
        expect(Math.abs(Number(number) - bytes / factor)).toBeLessThanOrEqual(step / 2 + 1e-9)
      })
    ))
})

describe("Bytes.make", () => {
  it("takes no size that is not one", () => {
    for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) expect(() => Bytes.make(value)).toThrow(RangeError)
  })
})
