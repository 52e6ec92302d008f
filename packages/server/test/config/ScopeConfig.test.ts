import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ini, load, refusal } from "./fixture.ts"

const registry = (values: Readonly<Record<string, string>>) => ini({ registry: values })

describe("ScopeConfig", () => {
  it.effect("reads everything where nothing is said, with one token for all", () =>
    Effect.gen(function* () {
      const config = yield* load(ini())
      assert.deepStrictEqual(config.registry.scope, { kind: "auto", path: undefined })
      assert.isUndefined(config.registry.apiToken)
    })
  )

  it.effect("reads what is named, by path or number", () =>
    Effect.gen(function* () {
      for (const [scope, scope_path] of [
        ["auto", "group/sub.group"],
        ["group", "group"],
        ["group", "42"],
        ["project", "group/sub-group/project_1"],
        ["project", "7"]
      ] as const) {
        const config = yield* load(registry({ scope, scope_path }))
        assert.deepStrictEqual(config.registry.scope, { kind: scope, path: scope_path })
      }
      const { registry: instance } = yield* load(registry({ scope: "Instance" }))
      assert.deepStrictEqual(instance.scope, { kind: "instance" })
    })
  )

  it.effect("keeps the token of the API secret", () =>
    Effect.gen(function* () {
      const config = yield* load(registry({ api_token: "glpat-canary" }))
      assert.strictEqual(Redacted.value(config.registry.apiToken!), "glpat-canary")
      assert.notInclude(JSON.stringify(config), "glpat-canary")
    })
  )

  it.effect("F92 tells what contradicts itself or is missing", () =>
    Effect.gen(function* () {
      for (const [values, message] of [
        [{ scope: "group" }, "scope_path: is not set, but scope = group needs it"],
        [{ scope: "project" }, "scope_path: is not set, but scope = project needs it"],
        [{ scope: "instance", scope_path: "group" }, "has no use with scope = instance"],
        [{ scope_path: "42" }, "is a number; set scope to group or project"],
        [{ scope: "everything" }, "accepted: one of auto, instance, group, project"]
      ] as const) {
        assert.include(yield* refusal(registry(values)), message)
      }
      for (const scope_path of ["..", "a/../b", "/a", "a/", "a//b", "https://gitlab.site.test/a", "a b", "a?b"]) {
        assert.include(yield* refusal(registry({ scope: "group", scope_path })), "accepted: a path such as")
      }
    })
  )
})
