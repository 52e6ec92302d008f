import { PrintableText } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"

const { escapeJson, printable } = PrintableText

describe("PrintableText", () => {
  it("shows what a terminal would obey or hide", () => {
    expect(printable("\u001b[31mred\u0007")).toBe("\\u{1b}[31mred\\u{7}")
    expect(printable("a\u009b2Jb")).toBe("a\\u{9b}2Jb")
    expect(printable("abc\u202edef\u2066")).toBe("abc\\u{202e}def\\u{2066}")
    expect(printable("zero\u200bwidth\u{e0041}")).toBe("zero\\u{200b}width\\u{e0041}")
    expect(printable("half \ud800")).toBe("half \\u{d800}")
  })

  it("is one line, and keeps text of any language", () => {
    expect(printable("one\r\n\ttwo\u2028three")).toBe("one two three")
    expect(printable("naïve Größe 容器 🐳 (50 %)")).toBe("naïve Größe 容器 🐳 (50 %)")
  })

  it("cuts what is longer than its limit", () => {
    expect(printable("abcdef", 3)).toBe("abc…")
    expect(printable("abc", 3)).toBe("abc")
  })

  it("has none of these characters, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      })
    )
  })

  it("leaves the meaning of JSON as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const json = escapeJson(JSON.stringify(value))
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      })
    )
    expect(escapeJson(JSON.stringify("\u009b\u202e\u{e0041}"))).toBe('"\\u009b\\u202e\\udb40\\udc41"')
  })
})
