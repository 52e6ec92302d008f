import { assert, describe, it } from "@effect/vitest"
import { Suggestion } from "@gitlab-registry-usage/core"

describe("Suggestion", () => {
  const keys = ["socket_host", "socket_port", "debug", "host"]

  it("finds the nearest name", () => {
    assert.strictEqual(Suggestion.suggest("socket_prot", keys), "socket_port")
    assert.strictEqual(Suggestion.suggest("sockethost", keys), "socket_host")
    assert.strictEqual(Suggestion.suggest("debgu", ["debug"]), undefined)
    assert.strictEqual(Suggestion.suggest("debugg", keys), "debug")
  })

  it("finds a name that differs in case alone", () => {
    assert.strictEqual(Suggestion.suggest("DEBUG", keys), "debug")
    assert.strictEqual(Suggestion.suggest("v1.0-rc1", ["v1.0-rc2", "V1.0-RC1"]), "V1.0-RC1")
  })

  it("finds a long name, and compares no long parts", () => {
    const path = "group/".repeat(40)
    assert.strictEqual(Suggestion.suggest(`${path}ap`, [`${path}web`, `${path}app`]), `${path}app`)
    assert.isUndefined(Suggestion.suggest("a".repeat(200), ["b".repeat(200)]))
  })

  it("is silent where nothing is near", () => assert.isUndefined(Suggestion.suggest("colour", keys)))
})
