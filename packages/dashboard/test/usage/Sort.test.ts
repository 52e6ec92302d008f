import { describe, expect, it } from "vitest"
import { comparator } from "../../src/usage/Sort.ts"

describe("Sort", () => {
  it("compares numbers in names as numbers", () => {
    const values = (name: string) => ({ name, size: 0, disk_size: 0, unique_size: 0, tags: 0 })
    const sorted = ["1.10.0", "1.9.0", "1.2.0"].map(values).sort(comparator({ sort: "name", descending: false }))
    expect(sorted.map(({ name }) => name)).toEqual(["1.2.0", "1.9.0", "1.10.0"])
  })
})
