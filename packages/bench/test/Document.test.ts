import { assert, describe, it } from "@effect/vitest"
import { replaced } from "../src/Document.ts"

describe("Document.replaced", () => {
  it("adds a section at the end, and later replaces only that section", () => {
    const first = replaced(replaced("# Performance\n", "crawl", "slow"), "serve", "fast")
    const second = replaced(first, "crawl", "quick")
    assert.include(first, "slow")
    assert.strictEqual(second, first.replace("slow", "quick"))
    assert.isTrue(second.startsWith("# Performance\n"))
  })
})
