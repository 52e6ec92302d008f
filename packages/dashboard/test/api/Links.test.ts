import { describe, expect, it } from "vitest"
import * as Links from "../../src/api/Links.ts"

describe("Links", () => {
  it("are expanded if they are templates", () => {
    const image = { href: "/r/images/{image}", templated: true }
    expect(Links.expand(image, { image: "a/b c" })).toBe("/r/images/a%2Fb%20c")
    expect(Links.expand({ href: "/images{?at}", templated: true }, {})).toBe("/images")
    expect(Links.expand({ href: "/images{?at,of}", templated: true }, { at: "1:0", of: "x" })).toBe(
      "/images?at=1%3A0&of=x"
    )
    expect(Links.expand({ href: "/{x}" }, { x: "y" })).toBe("/{x}")
  })

  it("keep the query that they have", () => {
    expect(Links.withQuery("/history", { from: "7d" })).toBe("/history?from=7d")
    expect(Links.withQuery("/images/a?at=x", { links: "true", of: "&" })).toBe("/images/a?at=x&links=true&of=%26")
    expect(Links.withQuery("/history", {})).toBe("/history")
  })
})
