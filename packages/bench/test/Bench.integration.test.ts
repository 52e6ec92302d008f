import { assert, describe, it } from "@effect/vitest"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Effect } from "effect"
import type { Kind } from "../src/crawl/Requests.ts"
import type { Report } from "../src/Suite.ts"
import crawl from "../src/suites/crawl.ts"
import scale from "../src/suites/scale.ts"

/** Every figure was measured; its value means nothing at this size. */
const complete = ({ tables, targets }: Report) => {
  assert.isNotEmpty(targets)
  assert.isNotEmpty(tables)
  for (const [what, value] of targets) assert.isTrue(Number.isFinite(value) && value >= 0, what)
  for (const { columns, rows, title } of tables) {
    assert.isNotEmpty(rows, title)
    for (const row of rows) assert.isAtMost(row.length, columns.length, title)
  }
}

describe.skipIf(Servers.leftOut("docker-registry"))("bench crawl", () => {
  it.live("runs against docker-registry and counts every request", () =>
    Effect.gen(function* () {
      const report = yield* crawl.run("smoke")
      complete(report)
      type Counts = Partial<Record<Kind, number>>
      const { requests } = report.data as {
        readonly requests: Record<"oci" | "metadata", Record<"cold" | "unchanged", Counts>>
      }
      const { metadata, oci } = requests
      assert.strictEqual(oci.cold["tag list"], 4)
      assert.strictEqual(oci.cold["manifest by tag"], 12)
      assert.strictEqual(oci.unchanged["manifest by tag"] ?? 0, 0)
      assert.strictEqual(oci.unchanged["tag asked for changes"], 12)
      assert.strictEqual(metadata.cold["manifest by digest"], 12)
      assert.strictEqual(metadata.unchanged["tag list"], 4)
      assert.isUndefined(metadata.unchanged["manifest by digest"])
    }).pipe(Effect.scoped)
  )
})

describe("bench scale", () => {
  it.live("crawls, measures, saves and loads in processes of their own", () =>
    Effect.map(Effect.scoped(scale.run("smoke")), complete)
  )
})
