import { CleanupPolicy } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"

const day = 86_400_000
const now = 1000 * day

/** Tags with their ages in days. */
const tags = (ages: Readonly<Record<string, number | undefined>>) =>
  Object.entries(ages).map(([name, age]) => ({ name, createdAt: age === undefined ? undefined : now - age * day }))

const policy = (rules: Partial<CleanupPolicy.Policy> = {}): CleanupPolicy.Policy => ({
  matches: () => true,
  keeps: () => false,
  keepCount: undefined,
  olderThan: undefined,
  ...rules
})

describe("CleanupPolicy", () => {
  it("keeps latest, what does not match, and what name_regex_keep matches", () => {
    const rules = policy({ matches: (name) => name !== "other", keeps: (name) => name.startsWith("v") })
    expect(CleanupPolicy.simulate(tags({ latest: 9, other: 9, v1: 9, dev: 9 }), rules)).toEqual([
      "latest",
      "no match",
      "name_regex_keep",
      "delete"
    ])
  })

  it("keeps the newest of what is left, which latest and kept names are not among", () => {
    const rules = policy({ keepCount: 2, keeps: (name) => name === "v1" })
    expect(CleanupPolicy.simulate(tags({ latest: 0, v1: 0, a: 3, b: 1, c: 2, d: 4 }), rules)).toEqual([
      "latest",
      "name_regex_keep",
      "delete",
      "keep_n",
      "keep_n",
      "delete"
    ])
  })

  it("applies keep_n before older_than, so that both must let a tag go", () => {
    const rules = policy({ keepCount: 1, olderThan: now - 10 * day })
    expect(CleanupPolicy.simulate(tags({ a: 20, b: 15, c: 10 }), rules)).toEqual(["delete", "delete", "keep_n"])
    expect(CleanupPolicy.simulate(tags({ a: 20, b: 5, c: 1 }), rules)).toEqual(["delete", "older_than", "keep_n"])
  })

  it("says what depends on a date that is not known", () => {
    const undated = tags({ a: 20, b: undefined })
    expect(CleanupPolicy.simulate(undated, policy())).toEqual(["delete", "delete"])
    expect(CleanupPolicy.simulate(undated, policy({ olderThan: now - 10 * day }))).toEqual(["delete", "unknown"])
    expect(CleanupPolicy.simulate(undated, policy({ keepCount: 1 }))).toEqual(["unknown", "unknown"])
    expect(CleanupPolicy.simulate(undated, policy({ keepCount: 1, olderThan: now - 30 * day }))).toEqual([
      "older_than",
      "unknown"
    ])
    // As many stay as there are, in whatever order.
    expect(CleanupPolicy.simulate(undated, policy({ keepCount: 2 }))).toEqual(["keep_n", "keep_n"])
  })

  it("never deletes more when a rule keeps more (property)", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 12, maxLength: 12 }),
        fc.nat({ max: 13 }),
        (names, ages, keepCount) => {
          const candidates = names.map((name, i) => ({ name, createdAt: now - ages[i]! * day }))
          const deleted = (count: number) =>
            new Set(
              CleanupPolicy.simulate(candidates, policy({ keepCount: count, olderThan: now - 10 * day })).flatMap(
                (verdict, i) => (verdict === "delete" ? [names[i]] : [])
              )
            )
          const [few, more] = [deleted(keepCount + 1), deleted(keepCount)]
          expect([...few].every((name) => more.has(name))).toBe(true)
          const kept = CleanupPolicy.simulate(candidates, policy({ keepCount })).filter(
            (verdict) => verdict === "keep_n"
          )
          expect(kept).toHaveLength(Math.min(keepCount, names.filter((name) => name !== "latest").length))
        }
      )
    )
  })
})
