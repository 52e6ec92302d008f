import { assert, describe, it } from "@effect/vitest"
import * as Concurrency from "../../src/transport/Concurrency.ts"

/** So many answers of this latency, each when as many requests were under way as allowed. */
const answers = (concurrency: Concurrency.Concurrency, count: number, latency: number, now = 0, full = true) => {
  for (let i = 0; i < count; i++) concurrency.answered("GET", latency, full, now)
}

describe("Concurrency", () => {
  it("grows by one for each round of answers while the latency holds, up to the maximum", () => {
    const concurrency = Concurrency.make({ start: 8, max: 12 })
    answers(concurrency, 7, 50)
    assert.strictEqual(concurrency.limit(), 8)
    answers(concurrency, 1, 50)
    assert.strictEqual(concurrency.limit(), 9)
    answers(concurrency, 9, 50)
    assert.strictEqual(concurrency.limit(), 10)
    answers(concurrency, 1000, 50)
    assert.strictEqual(concurrency.limit(), 12)
  })

  it("does not grow where fewer requests are made than allowed", () => {
    const concurrency = Concurrency.make({ start: 8 })
    answers(concurrency, 1000, 50, 0, false)
    assert.strictEqual(concurrency.limit(), 8)
  })

  it("falls while most answers take more than twice the fastest, and not below one", () => {
    const concurrency = Concurrency.make({ start: 20 })
    answers(concurrency, 20, 50)
    assert.strictEqual(concurrency.limit(), 21)
    answers(concurrency, 21, 150)
    assert.strictEqual(concurrency.limit(), 16)
    answers(concurrency, 1000, 150)
    assert.strictEqual(concurrency.limit(), 1)
  })

  it("is not moved by a few slow answers, by milliseconds, or by requests of another kind", () => {
    const concurrency = Concurrency.make({ start: 8, max: 9 })
    answers(concurrency, 8, 1)
    for (let i = 0; i < 100; i++) {
      concurrency.answered("GET", i % 5 === 0 ? 3000 : 9, true, 0)
      concurrency.answered("GET /tags/", 800, true, 0)
    }
    assert.strictEqual(concurrency.limit(), 9)
  })

  it("halves, and grows by one from there", () => {
    const concurrency = Concurrency.make({ start: 16 })
    concurrency.halve()
    assert.strictEqual(concurrency.limit(), 8)
    answers(concurrency, 8, 50)
    assert.strictEqual(concurrency.limit(), 9)
    for (let i = 0; i < 9; i++) concurrency.halve()
    assert.strictEqual(concurrency.limit(), 1)
  })

  it("begins again with one, and doubles up to half of what it was", () => {
    const concurrency = Concurrency.make({ start: 16 })
    concurrency.restart()
    const limits = [concurrency.limit()]
    for (let i = 0; i < 5; i++) {
      answers(concurrency, 8, 50)
      limits.push(concurrency.limit())
    }
    assert.deepStrictEqual(limits, [1, 2, 4, 8, 9, 9])
  })

  it("learns the smallest latency anew, so that a host that became slower is not left with one request", () => {
    const concurrency = Concurrency.make({ start: 8 })
    answers(concurrency, 8, 10)
    answers(concurrency, 1000, 500, 1000)
    assert.strictEqual(concurrency.limit(), 1)
    answers(concurrency, 400, 500, 301_000)
    assert.isAbove(concurrency.limit(), 10)
  })
})
