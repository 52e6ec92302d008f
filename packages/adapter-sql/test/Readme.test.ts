import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { timeSeries } from "./example.ts"

it.live("the example of the README works", () =>
  Effect.gen(function* () {
    const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
    assert.include(read("../README.md"), read("./example.ts"))
    assert.deepStrictEqual(yield* timeSeries(":memory:"), [])
  })
)
