import { describe, expect, it } from "@effect/vitest"
import { IssueText, SizeText } from "@gitlab-registry-usage/core"
import { Result, Schema } from "effect"

const Shape = Schema.Struct({
  config: Schema.Struct({
    digest: Schema.String.check(Schema.isPattern(/^sha/)),
    size: Schema.optionalKey(Schema.Int)
  }),
  layers: Schema.NullOr(Schema.Array(Schema.Struct({ size: Schema.Int }))),
  annotations: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
const decode = Schema.decodeUnknownResult(Shape)
const text = (input: unknown) =>
  Result.match(decode(input), { onSuccess: () => "", onFailure: ({ issue }) => IssueText.issueText(issue) })

describe("IssueText.issueText", () => {
  it("names the key that is missing or wrong, and no value", () => {
    expect(text({ config: {}, layers: [] })).toBe('"config.digest" is missing')
    expect(text({ config: { digest: "canary" }, layers: [] })).toBe('"config.digest" has another type or value')
    expect(text({ config: { digest: "sha" } })).toBe('"layers" is missing')
    expect(text({ config: { digest: "sha" }, layers: "canary" })).toBe('"layers" has another type or value')
    expect(text({ config: { digest: "sha" }, layers: [{ size: 1 }, {}] })).toBe('"layers.1.size" is missing')
    expect(text("canary")).toBe("it has another shape")
    expect(text(null)).toBe("it has another shape")
  })

  it("prints a key that somebody else chose safely", () => {
    const key = `\u001b[2J\r\n"\u202e${"x".repeat(500)}`
    const printed = text({ config: { digest: "sha" }, layers: [], annotations: { [key]: 1 } })
    expect(printed).toMatch(/^[\x20-\x7e]{1,160}$/)
    expect(printed).toContain("\\u001b[2J")
  })
})

describe("IssueText.problemsText", () => {
  const Settings = Schema.Struct({ max: SizeText.SizeText, names: Schema.optionalKey(Schema.Array(Schema.String)) })
  const problems = (input: unknown) =>
    Result.match(Schema.decodeUnknownResult(Settings)(input, { errors: "all", onExcessProperty: "error" }), {
      onSuccess: () => "",
      onFailure: ({ issue }) => IssueText.problemsText(issue)
    })

  it("says each problem once, with its place and what is expected there, and no value", () => {
    const size = "expected a size such as 10MB or 1.5GiB, with its unit"
    expect(problems({ max: "50" })).toBe(`max: ${size}`)
    expect(problems({ max: "canary", names: [1] })).toBe(`max: ${size}; names.0: expected string`)
    expect(problems({ maks: "1GB" })).toMatch(/^(?=.*maks: unknown key)(?=.*max: missing)/)
    expect(problems([])).toBe("expected object")
    expect(problems({ max: "5MB" })).toBe("")
  })

  it("keeps on one line what a key says", () => {
    expect(problems({ max: "1GB", "a\u001b[2J\nb": 1 })).toBe("a\\u{1b}[2J b: unknown key")
  })
})
