import { describe, expect, it } from "@effect/vitest"
import { Instant } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Result } from "effect"
import * as Parameters from "../../../src/http/query/Parameters.ts"

const decode = (query: string) => Parameters.decode(new URLSearchParams(query))
const decoded = (query: string) => Result.getOrThrow(decode(query))
const problem = (query: string) => Result.getOrThrow(Result.flip(decode(query)))

describe("decoding", () => {
  it("returns values, and none for absent, empty or unknown parameters", () => {
    expect(decoded("embed=2&links=Yes&sort=-disk_size&filter=%5Eapp&page_size=1000")).toEqual({
      embed: 2,
      links: true,
      sort: "-disk_size",
      filter: "^app",
      page_size: 1000
    })
    expect(decoded("embed=&links=&page_size=&from=&by=&other=1&other=2")).toEqual({})
    expect(decoded("by=disk_size&of=images&limit=1&step=0").step).toEqual(Duration.zero)
    expect(decoded("embed=T&links=1")).toEqual({ embed: Infinity, links: true })
    expect(decoded(`embed=${"9".repeat(400)}`)).toEqual({ embed: Infinity })
    expect(decoded("embed=No&links=n")).toEqual({ embed: 0, links: false })
  })

  it("reads instants of the calendar, and durations back from the latest snapshot", () => {
    const noon = DateTime.makeUnsafe("2026-01-31T12:00:00Z")
    for (const text of ["2026-01-31T12:00:00Z", "2026-01-31T13:00+01:00", "2026-01-31T13:00%2B01:00", "1769860800"]) {
      expect(decoded(`at=${text}`).at, text).toEqual({ _tag: "Absolute", instant: noon })
    }
    expect(decoded("at=36h").at).toEqual(Instant.ago("36 hours"))
    for (const bad of ["2026-02-30", "yesterday", "-1d", "2026-01-31 12:00", "200000000d"]) {
      expect(problem(`at=${bad}`).detail, bad).toMatch(/^at takes an instant such as 2026-01-31T12:00:00Z/)
    }
  })

  it("says what a parameter takes", () => {
    const details = {
      "page_size=0": "page_size takes a whole number from 1 to 1000",
      "page_size=1001": "page_size takes a whole number from 1 to 1000",
      "page_size=1e2": "page_size takes a whole number from 1 to 1000",
      "limit=-1": "limit takes a whole number from 1 to 1000",
      "embed=1.5": "embed takes a depth (0, 1, 2, …) or true, yes, y, t, false, no",
      "links=2": "links takes true, yes, y, t, 1, false, no or 0",
      "sort=Name": "sort takes one of name, -name, size, -size, disk_size, -disk_size, unique_size, -unique_size",
      [`filter=${"x".repeat(257)}`]: "filter takes at most 256 characters",
      "cursor=abc": "cursor takes what a link to another page has, unaltered",
      "step=11y": "step takes a duration such as 1h or 1d, or 0 for every snapshot",
      "embed=1&embed=1": "the parameter embed is given 2 times"
    }
    for (const [query, detail] of Object.entries(details)) {
      expect(problem(query)).toMatchObject({ status: 400, detail })
    }
  })
})
