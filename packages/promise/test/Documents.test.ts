import { layer } from "@effect/vitest"
import { checkBudget, collect, measure, type Report, toJUnit, toMarkdown } from "@gitlab-registry-usage/promise"
import { Effect } from "effect"
import { XMLParser, XMLValidator } from "fast-xml-parser"
import { describe, expect, it } from "vitest"
import { administrator, registry } from "./registry.ts"

const sizes = { size: 3_000_000, diskSize: 2_000_000, uniqueSize: 2_000_000 }

const whole: Report = {
  takenAt: new Date(0),
  accounting: "all",
  total: sizes,
  partial: false,
  repositories: [{ name: "a/b", sizes, partial: false, stale: false, tags: [] }],
  gaps: []
}
const gap = { repository: "a/<c>|&", reason: "Denied", detail: "no\u001b[1m\n| way" }
const partial: Report = { ...whole, partial: true, gaps: [gap] }
const nothing: Report = { ...whole, total: null, partial: true, repositories: [] }

describe("a budget", () => {
  it("is known to be kept only where everything was read", () => {
    expect(checkBudget(whole, "2MB")).toMatchObject({ state: "ok", actual: 2_000_000, limit: 2_000_000 })
    expect(checkBudget(whole, 1_999_999)).toMatchObject({ state: "over" })
    expect(checkBudget(whole, "1MB").text).toBe("2.00 MB on disk, which is 1.00 MB over the budget of 1.00 MB")
    expect(checkBudget(whole, "10MiB").text).toBe("1.91 MiB on disk, within the budget of 10.0 MiB")
    expect(checkBudget(partial, "3MB").state).toBe("unknown")
    expect(checkBudget(partial, "1MB").text).toBe(
      "at least 2.00 MB on disk, which is 1.00 MB over the budget of 1.00 MB"
    )
    expect(checkBudget(nothing, "3MB")).toMatchObject({ state: "unknown", actual: null })
  })
})

describe("documents", () => {
  const casesOf = (xml: string) => {
    expect(XMLValidator.validate(xml)).toBe(true)
    const parsed = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" }).parse(xml)
    return [parsed.testsuites.testsuite].flat().flatMap(({ testcase }: any) => testcase) as ReadonlyArray<any>
  }

  it("JUnit fails a budget that is not known to be kept, and a gap where it is asked to", () => {
    const kept = casesOf(toJUnit(whole, { maxTotal: "2MB" }))
    expect(kept).toHaveLength(2)
    for (const one of kept) expect(one).toHaveProperty("system-out")
    for (const [report, maxTotal] of [
      [whole, "1MB"],
      [partial, "3MB"],
      [nothing, "3MB"]
    ] as const) {
      expect(casesOf(toJUnit(report, { maxTotal }))[1], maxTotal).toHaveProperty("failure")
    }
    const [, skipped] = casesOf(toJUnit(partial))
    expect(skipped).toMatchObject({
      name: "a/<c>|&",
      skipped: { message: expect.stringContaining("Denied") }
    })
    expect(casesOf(toJUnit(partial, { failOnGaps: true }))[1]).toHaveProperty("failure")
  })

  it("Markdown shows the largest, and what is unknown as unknown", () => {
    const text = toMarkdown(partial, { maxTotal: "3MB", title: "registry.example.com", decimal: true })
    expect(text).toContain("≥ 2.00 MB on disk, ≥ 3.00 MB in 0 tags of 1 repositories; read 1970-01-01T00:00:00.000Z.")
    expect(text).toContain(":warning: at least 2.00 MB on disk; not all could be read")
    expect(text).toContain("- could not read a/\\<c\\>\\|\\&: Denied: no\\\\u{1b}\\[1m \\| way\n")
    expect(toMarkdown(nothing)).toContain("unknown on disk, unknown in 0 tags")
    expect(toMarkdown(whole, { rows: 0 })).toContain("\n1 more repositories\n")
  })
})

layer(registry, { excludeTestServices: true })("documents of a registry", (it) => {
  it.effect("have the totals, the largest repositories and the gap", () =>
    Effect.gen(function* () {
      const options = yield* administrator
      const report = yield* Effect.promise(async () => measure(await collect(options)))
      const text = toMarkdown(report, { rows: 2 })
        .replace(/read \d{4}-[^.]*\.\d+Z/, "read T")
        .replace(/http:[^ ]*/, "URL")
      expect(text).toMatchInlineSnapshot(`
        "## Registry usage of the registry

        ≥ 2.70 MiB on disk, ≥ 81.4 MiB in 139 tags of 12 repositories; read T.

        | REPOSITORY | TAGS | ON DISK | UNIQUE | SIZE |
        | --- | ---: | ---: | ---: | ---: |
        | library/base/node | 2 | 701 KiB | 0 B | 1.54 MiB |
        | acme/shop/api | 4 | 543 KiB | 502 KiB | 2.49 MiB |

        10 more repositories

        - could not read acme/vault/secrets: Denied: URL does not grant repository:acme/vault/secrets:pull
        "
      `)
      expect(toJUnit(report)).toContain(
        '<testcase classname="registry-usage.readable" name="acme/vault/secrets" time="0"><skipped'
      )
    })
  )
})
