import { type Inventory, Names, Namespaces, Usage } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { inventoryOf, layerCount, model, type Model, reach, sum } from "../model.ts"

const accounting = fc.constantFrom<Usage.Accounting>("all", "layers")
const check = (property: (model: Model, usage: Usage.Usage) => void) =>
  fc.assert(
    fc.property(model, accounting, (model, accounting) =>
      property(model, Usage.measure(inventoryOf(model), { accounting }))
    ),
    { numRuns: 300 }
  )

/** All tags with what they reach, in the order of the registry. */
const tagsOf = (model: Model, usage: Usage.Usage) =>
  model.repositories.flatMap(({ tags }, r) =>
    tags.map((target, t) => ({
      r,
      target,
      tag: usage.tagStarts[r]! + t,
      reached: reach(model, target, usage.accounting)
    }))
  )

const uniqueOf = (tags: ReturnType<typeof tagsOf>, chosen: (tag: ReturnType<typeof tagsOf>[number]) => boolean) => {
  const elsewhere = new Set(tags.filter((tag) => !chosen(tag)).flatMap((tag) => [...tag.reached.keys()]))
  const freed = new Map(tags.filter(chosen).flatMap((tag) => [...tag.reached]))
  return sum([...freed].filter(([name]) => !elsewhere.has(name)).map(([, size]) => size))
}

describe("Usage.measure", () => {
  it("agrees with sets of digests counted by hand", () =>
    check((model, usage) => {
      const tags = tagsOf(model, usage)
      for (const { tag, reached } of tags) expect(Usage.tagSizes(usage, tag)?.size).toBe(sum(reached.values()))
      for (const [r] of model.repositories.entries()) {
        expect(Usage.repositorySizes(usage, r)?.uniqueSize).toBe(uniqueOf(tags, (tag) => tag.r === r))
      }
      for (const { tag } of tags) {
        expect(Usage.tagSizes(usage, tag)?.uniqueSize).toBe(uniqueOf(tags, (other) => other.tag === tag))
      }
      for (const path of ["group", "group/sub", "group/sub/deep", "other"]) {
        const inside = (r: number) => model.repositories[r]!.name.startsWith(`${path}/`)
        const sizes = Usage.namespaceSizes(usage, path)
        if (sizes === undefined) expect(model.repositories.some((_, r) => inside(r))).toBe(false)
        else expect(sizes.uniqueSize).toBe(uniqueOf(tags, (tag) => inside(tag.r)))
      }
    }))

  it("charges each blob to the tag with the fewest layers, the first of equals", () =>
    check((model, usage) => {
      const charged = new Map<number, number>()
      const owners = new Map<string, { tag: number; layers: number; size: number }>()
      for (const { tag, target, reached } of tagsOf(model, usage)) {
        const layers = layerCount(model, target)
        for (const [name, size] of reached) {
          const owner = owners.get(name)
          if (owner === undefined || layers < owner.layers) owners.set(name, { tag, layers, size })
        }
      }
      for (const { tag, size } of owners.values()) charged.set(tag, (charged.get(tag) ?? 0) + size)
      for (const { tag } of tagsOf(model, usage)) {
        expect(Usage.tagSizes(usage, tag)?.diskSize).toBe(charged.get(tag) ?? 0)
      }
    }))

  it("adds up: tags to repositories to the total, and the total is every stored blob once", () =>
    check((model, usage) => {
      const tags = tagsOf(model, usage)
      const total = Usage.total(usage)!
      const stored = new Map(tags.flatMap((tag) => [...tag.reached]))
      expect(total.diskSize).toBe(sum(stored.values()))
      expect(total.uniqueSize).toBe(total.diskSize)
      expect(sum(tags.map(({ tag }) => Usage.tagSizes(usage, tag)!.diskSize))).toBe(total.diskSize)
      expect(sum(model.repositories.map((_, r) => Usage.repositorySizes(usage, r)!.diskSize))).toBe(total.diskSize)
      for (const [r] of model.repositories.entries()) {
        const own = tags.filter((tag) => tag.r === r).map(({ tag }) => Usage.tagSizes(usage, tag)!)
        expect(Usage.repositorySizes(usage, r)!.size).toBe(sum(own.map(({ size }) => size)))
        expect(Usage.repositorySizes(usage, r)!.uniqueSize).toBeLessThanOrEqual(
          sum(new Map(tags.filter((tag) => tag.r === r).flatMap((tag) => [...tag.reached])).values())
        )
      }
    }))

  it("deleting any set of tags changes the total by exactly its unique size", () =>
    fc.assert(
      fc.property(model, accounting, fc.func(fc.boolean()), (model, accounting, chosen) => {
        const usage = Usage.measure(inventoryOf(model), { accounting })
        const set = model.repositories.flatMap(({ tags }, r) =>
          tags.flatMap((_, t) => (chosen(r, t) ? [usage.tagStarts[r]! + t] : []))
        )
        const after = Usage.measure(
          inventoryOf(model, new Set(), (r, t) => !chosen(r, t)),
          { accounting }
        )
        expect(Usage.total(usage)!.diskSize - Usage.total(after)!.diskSize).toBe(Usage.uniqueSizeOf(usage, set))
      }),
      { numRuns: 300 }
    ))

  it("F85 does not depend on order, but for which of equals is charged", () =>
    check((model, usage) => {
      const reversed = { ...model, repositories: model.repositories.toReversed() }
      const other = Usage.measure(inventoryOf(reversed), { accounting: usage.accounting })
      expect(Usage.total(other)).toEqual(Usage.total(usage))
      for (const [r, { name, tags }] of model.repositories.entries()) {
        const there = Usage.findRepository(other, Names.RepositoryName.make(name))!
        expect(Usage.repositorySizes(other, there)!.uniqueSize).toBe(Usage.repositorySizes(usage, r)!.uniqueSize)
        expect(Usage.repositorySizes(other, there)!.size).toBe(Usage.repositorySizes(usage, r)!.size)
        for (const [t] of tags.entries()) {
          const [a, b] = [usage.tagStarts[r]! + t, other.tagStarts[there]! + t]
          expect(Usage.tagSizes(other, b)!.uniqueSize).toBe(Usage.tagSizes(usage, a)!.uniqueSize)
        }
      }
    }))

  it("nothing that could be read is no size, at any height; a part of it is the least size", () => {
    const registry = inventoryOf(
      {
        layers: [1000],
        images: [
          { config: 1, layers: [0] },
          { config: 2, layers: [0] }
        ],
        indexes: [],
        repositories: [
          { name: "lost/a", tags: [1] },
          { name: "lost/deep/b", tags: [1, 1] },
          { name: "part/a", tags: [1, 0] },
          { name: "empty/a", tags: [] }
        ]
      },
      new Set([1])
    )
    const usage = Usage.measure(registry)
    const part = Usage.repositorySizes(usage, 2)!
    expect(["lost", "lost/deep", "part", "empty", ""].map((path) => Usage.namespaceSizes(usage, path)?.size)).toEqual([
      undefined,
      undefined,
      part.size,
      0,
      part.size
    ])
    expect(["lost", "lost/deep", "part", "empty", "other"].map((path) => Usage.namespaceUnread(usage, path))).toEqual([
      3, 2, 1, 0, 0
    ])
    expect(Usage.namespaceUnread(usage, "")).toBe(4)
    expect([0, 1, 2, 3].map((r) => Usage.repositoryUnread(usage, r))).toEqual([1, 2, 1, 0])
  })

  it("names that are left out make the size of what lists them unknown, or the least", () => {
    const name = (text: string) => Names.RepositoryName.make(text)
    const one = { layers: [1000], images: [{ config: 1, layers: [0] }], indexes: [] }
    const gap = { reason: "Malformed", detail: "2 listed tags are left out", kept: false }
    const measure = (repositories: Model["repositories"], gaps: Inventory.Inventory["gaps"]) =>
      Usage.measure({ ...inventoryOf({ ...one, repositories }), gaps })
    const tags = measure(
      [
        { name: "g/none", tags: [] },
        { name: "g/some", tags: [0] }
      ],
      [
        { ...gap, repository: name("g/none") },
        { ...gap, repository: name("g/some") }
      ]
    )
    expect(Usage.repositorySizes(tags, 0)).toBeUndefined()
    expect(Usage.repositorySizes(tags, 1)).toBeDefined()
    expect([0, 1].map((r) => Usage.repositoryUnread(tags, r))).toEqual([1, 1])
    expect(Namespaces.namespaceAt(tags, "g")).toMatchObject({ gaps: 2, sizes: Usage.repositorySizes(tags, 1) })
    // The list of repositories itself.
    expect(Usage.total(measure([], [gap]))).toBeUndefined()
    expect(Usage.total(measure([], []))).toMatchObject({ size: 0, diskSize: 0 })
    const listing = measure([{ name: "g/some", tags: [0] }], [gap])
    expect([Usage.namespaceUnread(listing, ""), Usage.namespaceUnread(listing, "g")]).toEqual([1, 0])
    // Data of an earlier crawl that stands in is whole; an empty list that stands in is no size.
    const kept = measure([{ name: "g/some", tags: [0] }], [{ ...gap, repository: name("g/some"), kept: true }])
    expect(Usage.namespaceUnread(kept, "")).toBe(0)
    expect(
      Usage.total(measure([{ name: "g/none", tags: [] }], [{ ...gap, repository: name("g/none"), kept: true }]))
    ).toBeUndefined()
  })

  it("what could not be read has no size, and never a unique size elsewhere that counts on it", () =>
    fc.assert(
      fc.property(model, fc.nat(8), (model, lost) => {
        const unread = lost % (model.images.length + model.indexes.length)
        const full = Usage.measure(inventoryOf(model))
        const usage = Usage.measure(inventoryOf(model, new Set([unread])))
        for (const { tag, target } of tagsOf(model, full)) {
          const children = target < model.images.length ? [] : model.indexes[target - model.images.length]!
          const sizes = Usage.tagSizes(usage, tag)
          if (target === unread || children.includes(unread)) expect(sizes).toBeUndefined()
          else expect(sizes!.size).toBe(Usage.tagSizes(full, tag)!.size)
        }
        const known = tagsOf(model, full).some(({ tag }) => Usage.tagSizes(usage, tag) !== undefined)
        const isEmpty = tagsOf(model, full).length === 0
        if (known || isEmpty) expect(Number.isSafeInteger(Usage.total(usage)!.diskSize)).toBe(true)
        else expect(Usage.total(usage)).toBeUndefined()
        for (const [r, { tags }] of model.repositories.entries()) {
          const known = tags.some((_, t) => Usage.tagSizes(usage, usage.tagStarts[r]! + t) !== undefined)
          expect(Usage.repositorySizes(usage, r) === undefined).toBe(tags.length > 0 && !known)
        }
      }),
      { numRuns: 300 }
    ))
})
