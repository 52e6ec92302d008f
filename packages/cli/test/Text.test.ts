import { SizeText } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Budget from "../src/tables/Budget.ts"
import * as NameRegex from "../src/connection/NameRegex.ts"
import * as Format from "../src/output/Format.ts"
import * as MarkdownTable from "../src/output/MarkdownTable.ts"
import * as Wrap from "../src/output/Wrap.ts"
import * as TextTable from "../src/output/TextTable.ts"
import * as Progress from "../src/crawl/Progress.ts"
import type { Table } from "../src/output/Table.ts"

describe("SizeText", () => {
  it.each([
    ["0", 0],
    ["1024", 1024],
    ["12 bytes", 12],
    ["10MB", 10_000_000],
    ["10 mb", 10_000_000],
    ["1.5 GiB", 1_610_612_736],
    ["2k", 2048],
    ["3 T", 3 * 1024 ** 4],
    ["50GB", 50_000_000_000]
  ])("%s", (text, bytes) => expect(SizeText.parse(text)).toBe(bytes))

  it.each([
    ["1024", "B"],
    ["12 bytes", "B"],
    ["10 mb", "MB"],
    ["5kb", "kB"],
    ["1.5 gib", "GiB"],
    ["2k", "KiB"],
    ["1 TB", "TB"],
    ["99999999 TB", undefined]
  ])("%s is written in %s", (text, unit) => expect(SizeText.unitOf(text)).toBe(unit))

  it.each(["", "MB", "-1", "1,5 GB", "1 ib", "1 XB", "1e3", "99999999 TB", "1.0001 B"])("refuses %j", (text) =>
    expect(SizeText.parse(text)).toBeUndefined()
  )
})

describe("a size in a setting", () => {
  it.each([
    ["50", undefined],
    [" 999 ", undefined],
    ["0", 0],
    ["50B", 50],
    ["50 bytes", 50],
    ["50k", 51_200],
    ["1000", 1000],
    ["5000000", 5_000_000]
  ])("%j is %s", (text, bytes) => {
    expect(SizeText.parseSetting(text)).toBe(bytes)
  })
})

describe("Wrap", () => {
  it("ends lines between words, and an address that is longer than a line after its slashes", () => {
    expect(Wrap.lines("one two three four", 9)).toBe("one two\n  three\n  four")
    expect(Wrap.lines("see https://gitlab.example.com/api/v4/projects now", 24)).toBe(
      "see https://\n  gitlab.example.com/\n  api/v4/projects now"
    )
    expect(Wrap.lines("x".repeat(30), 10)).toBe("x".repeat(30))
    expect(Wrap.lines("as it is", undefined)).toBe("as it is")
  })

  it("keeps the columns of help, or puts the text below its name", () => {
    const line = "  --si    Powers of a thousand"
    expect(Wrap.lines(line, 24)).toBe("  --si    Powers of a\n          thousand")
    expect(Wrap.lines(line, 18)).toBe("  --si\n      Powers of a\n      thousand")
    const coloured = "\u001B[1mone\u001B[0m two"
    expect(Wrap.lines(coloured, 7)).toBe(coloured)
  })
})

describe("NameRegex", () => {
  it.effect("matches from begin to end as GitLab does, with the syntax of RE2", () =>
    Effect.gen(function* () {
      const matches = (expression: string, name: string) =>
        Effect.map(NameRegex.compile(expression, "--x"), (matches) => matches(name))
      expect(yield* matches("v.+", "v1")).toBe(true)
      expect(yield* matches("v", "v1")).toBe(false)
      expect(yield* matches("(v1|dev)", "v1-dev")).toBe(false)
      // \Av1|dev\z
      expect(yield* matches("v1|dev", "v1-dev")).toBe(true)
      expect(yield* matches("v1|dev", "dev-v1")).toBe(false)
      expect(yield* matches("", "v1")).toBe(false)
      expect(yield* matches("(?i)DEV-[[:digit:]]+", "dev-12")).toBe(true)
      expect(yield* matches("v1\\z", "v1")).toBe(true)
      // Linear, where a backtracking engine never ends.
      expect(yield* matches("(a+)+b", "a".repeat(100))).toBe(false)
    })
  )

  it.effect("refuses what GitLab refuses", () =>
    Effect.gen(function* () {
      for (const expression of ["(?=a)", "(?<!a)b", "(a)\\1", "(", "a**"]) {
        const refused = yield* Effect.flip(NameRegex.compile(expression, "--name-regex"))
        expect(refused.message).toContain("is no expression of RE2")
      }
    })
  )
})

describe("Figure", () => {
  it("cuts in the middle", () => {
    expect(Format.cut("group/project/image", 30)).toBe("group/project/image")
    expect(Format.cut("group/project/image", 11)).toBe("group…image")
    expect(Format.cut("group/project/image", 2)).toBe("g…")
  })

  it("draws bars of eighths, none empty but for nothing", () => {
    expect(Format.bar(0, 8)).toBe("")
    expect(Format.bar(0.0001, 8)).toBe("▏")
    expect(Format.bar(0.5, 8)).toBe("████")
    expect(Format.bar(1, 8)).toBe("████████")
    expect(Format.bar(1 / 64, 8)).toBe("▏")
  })

  it("writes changes and shares", () => {
    const style = { bytes: false, si: true }
    expect(Format.change(-1500, style)).toBe("-1.50 kB")
    expect(Format.change(12, { ...style, bytes: true })).toBe("+12")
    expect([0, 0.004, 0.05, 0.333, 1].map(Format.percent)).toEqual(["0 %", "<1 %", "5 %", "33 %", "100 %"])
  })
})

const table: Table = {
  columns: [
    { key: "name", field: "name", heading: "NAME", kind: "name", essential: true },
    { key: "size", field: "size", heading: "SIZE", kind: "bytes", essential: true },
    { key: "more", field: "more", heading: "MORE", kind: "count" },
    { key: "share", field: "share", heading: "", kind: "share" }
  ],
  rows: [
    { values: { name: "a-very-long-group/with-a-subgroup/and-an-image", size: 1000, more: 7, share: 0.5 } },
    { values: { name: "short|pipe", size: null, more: null, share: null }, mark: "!" }
  ]
}

describe("TextTable", () => {
  const render = (width?: number) =>
    [...TextTable.render(table, { width, color: false, header: true, bytes: true, si: false })].join("")

  it("gives way in order: the bar, what is not essential, then the middle of names", () => {
    expect(render()).toBe(
      [
        "NAME                                            SIZE  MORE",
        "a-very-long-group/with-a-subgroup/and-an-image  1000     7  ██████",
        "short|pipe !                                       ?     ?",
        ""
      ].join("\n")
    )
    expect(render(34)).toBe(
      [
        "NAME                    SIZE  MORE",
        "a-very-long…d-an-image  1000     7",
        "short|pipe !               ?     ?",
        ""
      ].join("\n")
    )
    expect(render(28)).toBe(
      ["NAME                    SIZE", "a-very-long…d-an-image  1000", "short|pipe !               ?", ""].join("\n")
    )
    expect(render(18)).toBe(["NAME          SIZE", "a-very…image  1000", "short|pipe !     ?", ""].join("\n"))
    expect(render(14)).toBe(["NAME      SIZE", "a-ve…age  1000", "shor…e !     ?", ""].join("\n"))
  })
})

describe("MarkdownTable", () => {
  it("escapes what would end a cell or mean something", () => {
    expect(MarkdownTable.text(table, { bytes: true, si: false }).split("\n")[3]).toBe("| short\\|pipe ! | ? | ? | ? |")
  })
})

describe("Progress", () => {
  const progress = {
    repositoriesFound: 10,
    repositoriesDone: 5,
    tagsFound: 80,
    tagsDone: 60,
    manifests: 9,
    bytes: 9,
    gaps: 1,
    requests: 70,
    elapsed: 0
  }

  it("shows done of found, the rate, an estimate, and the number of gaps", () => {
    expect(Progress.line(progress, 20_000)).toBe(
      "5/10 repositories · 60/80 tags · 3 tags/s · about 20s left · 1 unreadable"
    )
    expect(Progress.line({ ...progress, repositoriesDone: 0, tagsDone: 0, gaps: 0 }, 0)).toBe(
      "0/10 repositories · 0/80 tags"
    )
    expect(Progress.line(progress, 20_000, 45)).toBe("5/10 repositories · 60/80 tags · 3 tags/s")
    expect(Progress.summary({ ...progress, repositoriesDone: 1, tagsDone: 1 }, 400)).toBe(
      "read 1 repository with 1 tag in 0.4s"
    )
  })
})

describe("Budget", () => {
  it.effect("reads YAML and JSON", () =>
    Effect.gen(function* () {
      const expected = { max_total: 5_000_000, budgets: [{ match: "a/**", max_growth: 0.05, max_each: 1024 }] }
      expect(
        yield* Budget.parse("max_total: 5MB\nbudgets:\n  - match: a/**\n    max_growth: 5%\n    max_each: 1024\n")
      ).toEqual(expected)
      expect(
        yield* Budget.parse(
          '{"max_total": "5MB", "budgets": [{"match": "a/**", "max_growth": "5 %", "max_each": "1KiB"}]}'
        )
      ).toEqual(expected)
      expect(yield* Budget.parse("")).toEqual({})
    })
  )

  it.effect("refuses what is mistyped, for such a limit would never be exceeded", () =>
    Effect.gen(function* () {
      for (const text of [
        "max_total: large",
        "max: 1GB",
        "budgets:\n  - max: 1GB",
        "budgets:\n  - match: a\n    each: 1GB",
        "max_growth: 0.05",
        "[]"
      ]) {
        expect((yield* Effect.flip(Budget.parse(text))).message).toMatch(/^--budget: /)
      }
      const size = "expected a size such as 10MB or 1.5GiB, with its unit"
      for (const [text, message] of [
        ["max_total: 50", `max_total: ${size}`],
        ['max_total: "50"', `max_total: ${size}`],
        ["budgets: [{ match: a, max_each: 50 }]", `budgets.0.max_each: ${size}`],
        ["max_growth: 5", "max_growth: expected a share such as 5%"],
        ["max: 1GB\nmax_growth: x", "max: unknown key; max_growth: expected a share such as 5%"],
        ["budgets: [{ max: 1GB }]", "budgets.0.match: missing"]
      ] as const) {
        expect((yield* Effect.flip(Budget.parse(text))).message).toBe(`--budget: ${message}`)
      }
    })
  )
})
