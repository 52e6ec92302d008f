import { BlobChanges, type Inventory, Names, Usage } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { inventoryOf, model, type Model, reach, sum } from "../model.ts"

/** The stored blobs of a registry, each once. */
const storedOf = (model: Model, keep: (r: number, t: number) => boolean) =>
  new Map(
    model.repositories.flatMap(({ tags }, r) =>
      tags.flatMap((target, t) => (keep(r, t) ? [...reach(model, target, "all")] : []))
    )
  )

const bytesOf = (changes: ReadonlyMap<string, BlobChanges.BlobChanges>) =>
  [...changes.values()].reduce(BlobChanges.sum, BlobChanges.none)

const diskOf = (usage: Usage.Usage, name: string) => {
  const r = Usage.findRepository(usage, Names.RepositoryName.make(name))
  return r === undefined ? 0 : Usage.repositorySizes(usage, r)!.diskSize
}

const repository = (inventory: Inventory.Inventory, name: string, change: Partial<Inventory.Repository>) => ({
  ...inventory,
  repositories: inventory.repositories.map((one) => (one.name === name ? { ...one, ...change } : one))
})

describe("BlobChanges", () => {
  it("new and freed bytes are those of blobs that one state alone stores; what moved adds up to 0 (property)", () =>
    fc.assert(
      fc.property(model, fc.nat(7), fc.nat(7), (model, a, b) => {
        const keeping = (seed: number) => (r: number, t: number) => (r * 5 + t * 3 + seed) % 4 !== 0
        const stored = [storedOf(model, keeping(a)), storedOf(model, keeping(b))] as const
        const only = (of: ReadonlyMap<string, number>, without: ReadonlyMap<string, number>) =>
          sum([...of].flatMap(([digest, size]) => (without.has(digest) ? [] : [size])))
        const [before, after] = [a, b].map((seed) => Usage.measure(inventoryOf(model, new Set(), keeping(seed)))) as [
          Usage.Usage,
          Usage.Usage
        ]
        const changes = BlobChanges.compare(before, after)
        expect(bytesOf(changes)).toEqual({
          newBytes: only(stored[1], stored[0]),
          freedBytes: only(stored[0], stored[1]),
          unreadBytes: 0
        })
        const moved = model.repositories.map(({ name }) =>
          BlobChanges.movedBytes(
            diskOf(after, name) - diskOf(before, name),
            changes.get(Names.RepositoryName.make(name)) ?? BlobChanges.none
          )
        )
        expect(sum(moved)).toBe(0)
      }),
      { numRuns: 300 }
    ))

  const images = [
    { config: 1, layers: [0] },
    { config: 2, layers: [0, 1] },
    { config: 3, layers: [0, 2] }
  ]
  const one = { layers: [5000, 300, 400], images, indexes: [] }
  const inventory = (repositories: Record<string, ReadonlyArray<number>>) =>
    inventoryOf({
      ...one,
      repositories: Object.entries(repositories).map(([name, tags]) => ({ name, tags }))
    })

  it("a base layer whose charge moves is no growth of the image that is charged with it now", () => {
    const before = Usage.measure(inventory({ "base/debian": [0], "shop/app": [1] }))
    const after = Usage.measure(inventory({ "shop/app": [1, 2] }))
    // The image grew by what its new tag brought, though it takes the base layer over as well.
    expect(diskOf(after, "shop/app") - diskOf(before, "shop/app")).toBeGreaterThan(5000)
    const changes = BlobChanges.compare(before, after)
    const app = changes.get(Names.RepositoryName.make("shop/app"))!
    expect(app).toMatchObject({ newBytes: 400 + 3 + 114, freedBytes: 0 })
    expect(BlobChanges.movedBytes(diskOf(after, "shop/app") - diskOf(before, "shop/app"), app)).toBe(5000)
    expect(changes.get(Names.RepositoryName.make("base/debian"))).toMatchObject({ newBytes: 0, freedBytes: 1 + 100 })
  })

  it("a repository under another name brings no new bytes", () => {
    const [before, after] = [inventory({ old: [0, 1] }), inventory({ new: [0, 1] })].map((of) => Usage.measure(of))
    expect(BlobChanges.compare(before!, after!)).toEqual(new Map())
  })

  it("what could be read at one instant only is neither new nor freed", () => {
    const whole = inventory({ a: [0], b: [1, 2] })
    const b = Names.RepositoryName.make("b")
    const lost = { tagNames: [], tagManifests: new Int32Array(0), unreadable: true }
    const [read, unreadable, part] = [
      whole,
      repository(whole, "b", lost),
      repository(whole, "b", { tagManifests: Int32Array.of(-1, whole.repositories[1]!.tagManifests[1]!) })
    ].map((of) => Usage.measure(of)) as [Usage.Usage, Usage.Usage, Usage.Usage]
    const own = 300 + 2 + 107 + (400 + 3 + 114)
    expect(BlobChanges.compare(unreadable, read).get(b)).toEqual({ newBytes: 0, freedBytes: 0, unreadBytes: own })
    expect(BlobChanges.compare(read, unreadable).get(b)).toEqual({ newBytes: 0, freedBytes: 0, unreadBytes: -own })
    expect(BlobChanges.compare(part, read).get(b)).toEqual({ newBytes: 0, freedBytes: 0, unreadBytes: 300 + 2 + 107 })
    // A tag that was read before and is gone is freed, whatever could not be read beside it.
    const gone = Usage.measure(
      repository(whole, "b", {
        tagNames: whole.repositories[1]!.tagNames.slice(0, 1),
        tagManifests: Int32Array.of(-1)
      })
    )
    expect(BlobChanges.compare(read, gone).get(b)).toEqual({
      newBytes: 0,
      freedBytes: 400 + 3 + 114,
      unreadBytes: -(300 + 2 + 107)
    })
  })
})
