import { describe, expect, it } from "@effect/vitest"
import { IssueText } from "@gitlab-registry-usage/core"
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
