import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import fc from "fast-check"
import * as Ini from "../../../src/config/source/Ini.ts"
import { interpolate } from "../../../src/config/source/IniInterpolation.ts"
// Made by ask_configparser.py beside it, with Python 3.11.
import cases from "../golden/configparser.json" with { type: "json" }

/** All values interpolated as `configparser` does it, or undefined where something is wrong. */
const read = (text: string): Record<string, Record<string, string>> | undefined => {
  const { defaults, problems, sections } = Ini.parse(text)
  let wrong = problems.length > 0
  const values = [...sections].map(([section, { entries }]) => {
    const lookup = (key: string) => entries.get(key)?.value ?? defaults.get(key)?.value
    return [
      section,
      Object.fromEntries(
        [...entries].map(([key, { value }]) => {
          const result = interpolate(value, lookup)
          wrong ||= Result.isFailure(result)
          return [key, Result.getOrElse(result, () => "")]
        })
      )
    ]
  })
  return wrong ? undefined : Object.fromEntries(values)
}

describe("Ini", () => {
  for (const { answer, name, text } of cases) {
    it(`reads as Python does: ${name}`, () => {
      assert.deepStrictEqual(read(text), typeof answer === "string" ? undefined : answer)
    })
  }

  it("accepts a byte order mark and lone carriage returns", () => {
    assert.deepStrictEqual(read("\uFEFF[a]\rx = 1\r"), { a: { x: "1" } })
  })

  it("returns the line of each value and section", () => {
    const { sections } = Ini.parse("\n[a]\n# c\nx = 1\n  2\n\n[b]\ny = 3")
    assert.strictEqual(sections.get("a")?.line, 2)
    assert.deepStrictEqual(sections.get("a")?.entries.get("x"), { line: 4, value: "1\n2" })
    assert.strictEqual(sections.get("b")?.line, 7)
    assert.strictEqual(sections.get("b")?.entries.get("y")?.line, 8)
  })

  it("reports every problem with its line, without quoting the file", () => {
    const { problems } = Ini.parse("canary = 1\n[a]\ncanary2\nx = canary\nX = canary\n[a]\n[canary\n")
    assert.deepStrictEqual(
      problems.map(({ line }) => line),
      [1, 3, 5, 6, 7]
    )
    assert.notInclude(JSON.stringify(problems), "canary")
  })

  it("reads any escaped value back", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~](?:[ -~ü€]*[!-~])?$/), (value) => {
        assert.deepStrictEqual(read(`[a]\nx = ${Ini.escape(value)}\n`), { a: { x: value } })
      })
    )
  })

  it("never fails, for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => Ini.parse(text).problems.length >= 0))
  })
})
