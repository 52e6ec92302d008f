import { describe, expect, it } from "vitest"
import * as Search from "../../src/usage/Search.ts"

describe("Search", () => {
  it("is for a repository, a tag, or both", () => {
    expect(Search.parse(" Web ")).toEqual({ repository: "web", tag: undefined })
    expect(Search.parse("web:Night")).toEqual({ repository: "web", tag: "night" })
    expect(Search.parse(":latest")).toEqual({ repository: "", tag: "latest" })
  })
})
