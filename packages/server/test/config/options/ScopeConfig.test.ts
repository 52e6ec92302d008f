import { createServer } from "node:http"
import { Secret } from "@gitlab-registry-usage/core"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Crawl } from "@gitlab-registry-usage/core"
import { Account, Demo, DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer, Redacted } from "effect"
import { ini, load, refusal } from "../fixture.ts"

const demo = Layer.unwrap(Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))).pipe(
  Layer.provide(Layer.fresh(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 })))
)

const registry = (values: Readonly<Record<string, string>>) => ini({ registry: values })

describe("ScopeConfig", () => {
  it.effect("reads the whole registry by default, with one token", () =>
    Effect.gen(function* () {
      const config = yield* load(ini())
      assert.deepStrictEqual(config.registry.scope, { kind: "auto", path: undefined })
      assert.isUndefined(config.registry.apiToken)
    })
  )

  it.effect("reads a group or project by path or number", () =>
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
      assert.strictEqual(Redacted.value(yield* Secret.current(config.registry.apiToken!)), "glpat-canary")
      assert.notInclude(JSON.stringify(config), "glpat-canary")
    })
  )

  it.live("a user without administrator rights reads a group with the API token", () =>
    Effect.gen(function* () {
      const { url } = yield* DemoRegistry.DemoRegistry
      const config = yield* load(
        registry({
          gitlab_base_url: url,
          registry_base_url: url,
          username: Account.deployToken.username,
          access_token: Redacted.value(Account.deployToken.password),
          api_token: Redacted.value(Account.administrator.password),
          scope: "group",
          scope_path: "acme"
        })
      )
      const adapter = RegistryHttp.layer(config.registry).pipe(Layer.provide(NodeHttpClient.layerUndici))
      const inventory = yield* Effect.provide(Crawl.crawl(), adapter)
      assert.lengthOf(inventory.repositories, 7)
      assert.isTrue(inventory.repositories.every(({ name }) => name.startsWith("acme/")))
    }).pipe(Effect.provide(demo))
  )

  it.effect("F92 reports contradictions and missing keys", () =>
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
