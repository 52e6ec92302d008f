import { Names, Usage } from "@gitlab-registry-usage/core"
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
      const total = Usage.total(usage)
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
        expect(Usage.total(usage).diskSize - Usage.total(after).diskSize).toBe(Usage.uniqueSizeOf(usage, set))
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
        expect(Number.isSafeInteger(Usage.total(usage).diskSize)).toBe(true)
        for (const [r, { tags }] of model.repositories.entries()) {
          const known = tags.some((_, t) => Usage.tagSizes(usage, usage.tagStarts[r]! + t) !== undefined)
          expect(Usage.repositorySizes(usage, r) === undefined).toBe(tags.length > 0 && !known)
        }
      }),
      { numRuns: 300 }
    ))
})
