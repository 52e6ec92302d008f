import { assert, describe, it } from "@effect/vitest"
import { suggest } from "../../../src/config/source/Suggestion.ts"

describe("Suggestion", () => {
  const keys = ["socket_host", "socket_port", "debug", "host"]

  it("finds the nearest name", () => {
    assert.strictEqual(suggest("socket_prot", keys), "socket_port")
    assert.strictEqual(suggest("sockethost", keys), "socket_host")
    assert.strictEqual(suggest("debgu", ["debug"]), undefined)
    assert.strictEqual(suggest("debugg", keys), "debug")
  })

  it("suggests nothing if no name is near", () => assert.isUndefined(suggest("colour", keys)))
})
