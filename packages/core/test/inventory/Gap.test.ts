import { assert, describe, it } from "@effect/vitest"
import { Inventory, Names } from "@gitlab-registry-usage/core"
import { Schema } from "effect"

const rest = { reason: "TooLarge", detail: "too many", kept: false }

describe("Gap", () => {
  it("of a repository is stored as it is", () => {
    const gap: Inventory.Gap = { repository: Names.RepositoryName.make("group/app"), ...rest }
    assert.deepStrictEqual<unknown>(Schema.encodeSync(Inventory.Gap)(gap), gap)
    assert.deepStrictEqual(Schema.decodeUnknownSync(Inventory.Gap)(gap), gap)
    assert.strictEqual(Inventory.gapTarget(gap), "group/app")
  })

  it("of the list of repositories is stored so that programs of the first release can read it", () => {
    const stored = { repository: "catalog", listing: true, ...rest }
    assert.deepStrictEqual<unknown>(Schema.encodeSync(Inventory.Gap)(rest), stored)
    assert.deepStrictEqual(Schema.decodeUnknownSync(Inventory.Gap)(stored), rest)
    assert.strictEqual(Inventory.gapTarget(rest), "the list of repositories")
  })
})
