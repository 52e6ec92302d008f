/** A short soak; `npm run soak` runs it for as long as is wanted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems, run } from "../soak/Soak.ts"

describe("soak", () => {
  it.live(
    "F104 crawls with 1 % faults under constant load: no errors, and memory and descriptors do not grow",
    () =>
      Effect.gen(function* () {
        const report = yield* run({ seconds: 24, every: 2, rate: 50, faults: 0.01 })
        assert.deepStrictEqual(problems(report), [])
        assert.isAbove(report.injected, 7)
        assert.isAbove(report.samples.at(-1)!.reads, 300)
      }),
    90_000
  )
})
