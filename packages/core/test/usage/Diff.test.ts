import { Diff, Usage } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { inventoryOf, model } from "../model.ts"

describe("Diff", () => {
  it("finds nothing between a usage and itself", () =>
    fc.assert(
      fc.property(model, (model) => {
        expect(Diff.compare(Usage.measure(inventoryOf(model)), Usage.measure(inventoryOf(model)))).toEqual([])
      })
    ))

  it("names the tags that went, and those that came the other way round (property)", () =>
    fc.assert(
      fc.property(model, fc.nat(7), (model, seed) => {
        const keep = (r: number, t: number) => (r * 5 + t * 3 + seed) % 4 !== 0
        const [whole, part] = [Usage.measure(inventoryOf(model)), Usage.measure(inventoryOf(model, new Set(), keep))]
        const dropped = model.repositories.flatMap(({ name, tags }, r) => {
          const gone = tags.flatMap((_, t) => (keep(r, t) ? [] : [`t${t}`]))
          return gone.length === 0 ? [] : [[name, gone] as const]
        })
        const less = Diff.compare(whole, part)
        expect(less.flatMap(({ name, tagsRemoved }) => (tagsRemoved.length > 0 ? [[name, tagsRemoved]] : []))).toEqual(
          dropped
        )
        const more = Diff.compare(part, whole)
        expect(more.flatMap(({ name, tagsAdded }) => (tagsAdded.length > 0 ? [[name, tagsAdded]] : []))).toEqual(
          dropped
        )
        // Whatever is charged to whom, the changes sum up to that of the total.
        const change = less.reduce((sum, { after, before }) => sum + after!.diskSize - before!.diskSize, 0)
        expect(change).toBe(Usage.total(part)!.diskSize - Usage.total(whole)!.diskSize)
      })
    ))

  it("reports new, gone and unreadable repositories, and tags that were moved", () => {
    const image = (config: number) => ({ config, layers: [0] })
    const one = { layers: [100], images: [image(1), image(2)], indexes: [] }
    const before = inventoryOf({
      ...one,
      repositories: [
        { name: "a", tags: [0, 0] },
        { name: "b", tags: [0] },
        { name: "c", tags: [1] }
      ]
    })
    const after = inventoryOf({
      ...one,
      repositories: [
        { name: "a", tags: [0, 1] },
        { name: "c", tags: [1] },
        { name: "d", tags: [0] }
      ]
    })
    const unreadable = {
      ...after,
      repositories: after.repositories.map((repository) =>
        repository.name === "c"
          ? { ...repository, tagNames: [], tagManifests: new Int32Array(0), unreadable: true }
          : repository
      )
    }
    const found = Diff.compare(Usage.measure(before), Usage.measure(unreadable))
    expect(found.map(({ name, tagsMoved }) => [name, tagsMoved])).toEqual([
      ["a", ["t1"]],
      ["c", []],
      ["d", []],
      ["b", []]
    ])
    expect(found[1]).toMatchObject({ after: null, tagsRemoved: [] })
    expect(found[2]?.before).toBeUndefined()
    expect(found[3]).toMatchObject({ after: undefined, tagsRemoved: ["t0"] })
  })
})
