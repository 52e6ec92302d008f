import { describe, expect, it } from "vitest"
import * as Format from "../../src/view/Format.ts"

const space = "\u00a0"

describe("Format", () => {
  it("writes sizes with three digits, in either unit", () => {
    expect(Format.bytes(0, "binary")).toBe("0\u00a0B")
    expect(Format.bytes(1536, "binary")).toBe("1.50\u00a0KiB")
    expect(Format.bytes(1536, "decimal")).toBe("1.54\u00a0kB")
    expect(Format.bytes(1023, "binary")).toBe("1.00\u00a0KiB")
    expect(Format.bytes(Number.MAX_SAFE_INTEGER, "binary")).toBe("8.00\u00a0PiB")
    expect(Format.bytes(null, "binary")).toBe("unknown")
  })

  it("never rounds a share to nothing or to all", () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(Format.percent)).toEqual(["0 %", "< 1 %", "50 %", "> 99 %", "100 %"])
  })

  it("writes how long ago something was", () => {
    expect(Format.ago(1000, 1020)).toBe("just now")
    expect(Format.ago(1000, 1000 + 125)).toBe("2 minutes ago")
    expect(Format.ago(1000, 1000 + 86_400)).toBe("yesterday")
  })

  it("writes changes with their sign", () => {
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

describe("sizes in the unit of a capacity", () => {
  const of = (bytes: number, unit: string | undefined) =>
    Format.bytesPartsIn(bytes, unit, "binary").join(" ").replace(space, " ")

  it("are in that unit, or in a smaller one of its kind", () => {
    expect(of(2_700_000, "MB")).toBe("2.70 MB")
    expect(of(2_700_000, "MiB")).toBe("2.57 MiB")
    expect(of(2e12, "GB")).toBe("2,000 GB")
    expect(of(270e9, "TB")).toBe("0.270 TB")
    expect(of(27e9, "TB")).toBe("27.0 GB")
    expect(of(1, "TB")).toBe("1 B")
    expect(of(0, "TB")).toBe("0 B")
  })

  it("are as the user chose where the capacity is in bytes, in no unit, or in one that is not known", () => {
    expect([undefined, "B", "parsecs"].map((unit) => of(4_194_304, unit))).toEqual(["4.00 MiB", "4.00 MiB", "4.00 MiB"])
  })

  it("have a share that is the least where something is missing", () => {
    const shares = [0.001, 0.5, 0.999, 1.28]
    expect(shares.map((share) => Format.leastPercent(share, true))).toEqual(["≥ 0 %", "≥ 50 %", "≥ 99 %", "≥ 128 %"])
    expect(shares.map((share) => Format.leastPercent(share, false))).toEqual(["< 1 %", "50 %", "> 99 %", "128 %"])
  })
})
