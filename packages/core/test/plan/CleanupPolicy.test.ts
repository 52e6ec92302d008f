import { CleanupPolicy } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"

const day = 86_400_000
const now = 1000 * day

/** Tags with their ages in days. */
const tags = (ages: Readonly<Record<string, CleanupPolicy.PublishedAt>>): ReadonlyArray<CleanupPolicy.Candidate> =>
  Object.entries(ages).map(([name, age]) => ({ name, publishedAt: typeof age === "number" ? now - age * day : age }))

const policy = (rules: Partial<CleanupPolicy.Policy> = {}): CleanupPolicy.Policy => ({
  matches: () => true,
  keeps: () => false,
  keepCount: undefined,
  olderThan: undefined,
  now,
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

  it("takes a tag without a date to be as new as now, and never old enough", () => {
    const undated = tags({ a: 20, b: "none", c: "none", d: 1 })
    expect(CleanupPolicy.simulate(undated, policy())).toEqual(["delete", "delete", "delete", "delete"])
    expect(CleanupPolicy.simulate(undated, policy({ olderThan: now - 10 * day }))).toEqual([
      "delete",
      "older_than",
      "older_than",
      "older_than"
    ])
    // Of equal age the later name stays; a date in the future is newer still.
    expect(CleanupPolicy.simulate(undated, policy({ keepCount: 1 }))).toEqual(["delete", "delete", "keep_n", "delete"])
    expect(CleanupPolicy.simulate(tags({ a: "none", b: -1 }), policy({ keepCount: 1 }))).toEqual(["delete", "keep_n"])
    expect(CleanupPolicy.simulate(undated, policy({ keepCount: 2, olderThan: now - day / 2 }))).toEqual([
      "delete",
      "keep_n",
      "keep_n",
      "delete"
    ])
  })

  it("leaves open only what depends on a date that could not be read", () => {
    const unread = tags({ a: 20, b: "unread", c: 30, d: 2 })
    expect(CleanupPolicy.simulate(unread, policy())).toEqual(["delete", "delete", "delete", "delete"])
    expect(CleanupPolicy.simulate(unread, policy({ olderThan: now - 10 * day }))).toEqual([
      "delete",
      "unknown",
      "delete",
      "older_than"
    ])
    // Whatever the date of b, d is among the newest two, and c is not.
    expect(CleanupPolicy.simulate(unread, policy({ keepCount: 2 }))).toEqual(["unknown", "unknown", "delete", "keep_n"])
    expect(CleanupPolicy.simulate(unread, policy({ keepCount: 1, olderThan: now - 25 * day }))).toEqual([
      "older_than",
      "unknown",
      "delete",
      "older_than"
    ])
    // As many stay as there are, in whatever order.
    expect(CleanupPolicy.simulate(unread, policy({ keepCount: 4 }))).toEqual(["keep_n", "keep_n", "keep_n", "keep_n"])
  })

  it("needs the dates of the tags that the expressions leave, where their order or age decides", () => {
    const names = ["latest", "v1", "a", "b"]
    const rules = { keeps: (name: string) => name === "v1" }
    expect(CleanupPolicy.needDates(names, policy(rules))).toEqual([])
    expect(CleanupPolicy.needDates(names, policy({ ...rules, keepCount: 0 }))).toEqual([])
    expect(CleanupPolicy.needDates(names, policy({ ...rules, keepCount: 1 }))).toEqual([2, 3])
    expect(CleanupPolicy.needDates(names, policy({ ...rules, keepCount: 2, olderThan: now }))).toEqual([])
    expect(CleanupPolicy.needDates(names, policy({ ...rules, olderThan: now }))).toEqual([2, 3])
  })

  it("never claims what some date of an unread tag would contradict (property)", () => {
    const ages = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom("none", "unread")), {
      minLength: 1,
      maxLength: 8
    })
    fc.assert(
      fc.property(
        ages,
        fc.array(fc.integer({ min: -1, max: 60 }), { minLength: 8, maxLength: 8 }),
        fc.nat({ max: 8 }),
        fc.boolean(),
        (ages, actual, keepCount, isAged) => {
          const rules = policy({ keepCount, olderThan: isAged ? now - 25 * day : undefined })
          const named = (age: (age: CleanupPolicy.PublishedAt, i: number) => CleanupPolicy.PublishedAt) =>
            tags(Object.fromEntries(ages.map((given, i) => [`t${i}`, age(given as CleanupPolicy.PublishedAt, i)])))
          const claimed = CleanupPolicy.simulate(
            named((age) => age),
            rules
          )
          const real = CleanupPolicy.simulate(
            named((age, i) => (age === "unread" ? actual[i]! : age)),
            rules
          )
          claimed.forEach((verdict, i) => {
            if (verdict !== "unknown") expect(verdict === "delete").toBe(real[i] === "delete")
          })
          if (!ages.includes("unread")) expect(claimed).not.toContain("unknown")
        }
      )
    )
  })

  it("never deletes more when a rule keeps more (property)", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 12, maxLength: 12 }),
        fc.nat({ max: 13 }),
        (names, ages, keepCount) => {
          const candidates = names.map((name, i) => ({ name, publishedAt: now - ages[i]! * day }))
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
