import { assert, describe, it } from "@effect/vitest"
import { Headers } from "effect/http"
import { transientReason } from "../../src/transport/Failure.ts"
import * as RateLimit from "../../src/transport/RateLimit.ts"

const now = Date.UTC(2026, 0, 1)
const seconds = now / 1000

const headers = (stated: Readonly<Record<string, string>>) => Headers.fromRecordUnsafe(stated)
const pause = (stated: Readonly<Record<string, string>>) => RateLimit.pause(headers(stated), now)

describe("RateLimit", () => {
  it("returns the time until the reset where no requests are left", () => {
    assert.strictEqual(pause({ "ratelimit-remaining": "0", "ratelimit-reset": String(seconds + 30) }), 30_000)
    assert.strictEqual(pause({ "ratelimit-remaining": "0", "ratelimit-reset": "30" }), 30_000)
    assert.strictEqual(pause({ "ratelimit-remaining": "0", "ratelimit-reset": String(seconds - 30) }), 0)
  })

  it("goes by the server's clock where the response states it", () => {
    const stated = { "ratelimit-remaining": "0", "ratelimit-reset": String(seconds + 3630) }
    assert.strictEqual(pause({ ...stated, date: new Date(now + 3_600_000).toUTCString() }), 30_000)
    assert.strictEqual(pause({ ...stated, date: "garbage" }), 3_630_000)
  })

  it("returns nothing where requests are left, or the headers are garbage or absent", () => {
    for (const stated of [
      {},
      { "ratelimit-remaining": "1", "ratelimit-reset": "30" },
      { "ratelimit-reset": "30" },
      { "ratelimit-remaining": "0" },
      { "ratelimit-remaining": "0", "ratelimit-reset": "-1" },
      { "ratelimit-remaining": "0", "ratelimit-reset": "1e9" },
      { "ratelimit-remaining": "0", "ratelimit-reset": "9".repeat(40) },
      { "ratelimit-remaining": "", "ratelimit-reset": "" }
    ]) {
      assert.isUndefined(pause(stated as Readonly<Record<string, string>>), JSON.stringify(stated))
    }
  })

  it("F77 a 429 without Retry-After waits for the reset, and Retry-After counts before it", () => {
    const refused = (stated: Readonly<Record<string, string>>) =>
      transientReason(
        { from: "x", status: 429, headers: headers(stated), body: new TextEncoder().encode("Retry later") },
        now
      )
    const reset = { "ratelimit-remaining": "0", "ratelimit-reset": String(seconds + 30) }
    assert.deepInclude(refused(reset), { _tag: "RateLimited", retryAfter: 30_000 })
    assert.deepInclude(refused({ ...reset, "retry-after": "5" }), { _tag: "RateLimited", retryAfter: 5000 })
    assert.notProperty(refused({}), "retryAfter")
  })
})
