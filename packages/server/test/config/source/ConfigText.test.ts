import { assert, describe, it } from "@effect/vitest"
import { Secret } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"
import { NodeServices } from "@effect/platform-node"
import { configKeys, placedKeys, variableName } from "../../../src/config/keys/ConfigKeys.ts"
import * as ConfigSource from "../../../src/config/source/ConfigSource.ts"
import * as ConfigText from "../../../src/config/source/ConfigText.ts"
import * as Ini from "../../../src/config/source/Ini.ts"
import { good, ini, load, refusal, secret, written } from "../fixture.ts"

const defaultConfig = ConfigText.defaultConfig({ values: new Map() })

const variables = Object.fromEntries(
  Object.entries(good).flatMap(([section, values]) =>
    Object.entries(values).map(([key, value]) => [variableName(section, key), value])
  )
)

const read = Effect.fnUntraced(function* (text: string) {
  const path = yield* written(text)
  return yield* ConfigSource.read({ file: { path, required: true }, environment: {} })
})

describe("ConfigText", () => {
  it("the default file has every key once, with a comment", () => {
    const { problems, sections } = Ini.parse(defaultConfig)
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual([...sections.keys()], Object.keys(configKeys))
    for (const { key, name } of placedKeys) {
      assert.match(defaultConfig, new RegExp(`^# .*\\n${key.presence === "optional" ? "# " : ""}${name} =`, "m"))
    }
  })

  it.effect("the default file is valid: only the samples are refused", () =>
    Effect.gen(function* () {
      const message = yield* refusal(defaultConfig)
      const subjects = message
        .split("\n")
        .slice(1)
        .map((line) => /^ {2}(\[\w+\] \w+)/.exec(line)?.[1])
      assert.sameMembers(subjects, [
        "[ldap] host",
        "[ldap] valid_gid",
        "[jwt] secret_key",
        "[registry] gitlab_base_url",
        "[registry] registry_base_url",
        "[registry] access_token"
      ])
    })
  )

  it.effect("the default file with the required keys gives the same as a file with these keys only", () =>
    Effect.gen(function* () {
      const { tokens, ...fromDefaults } = yield* load(defaultConfig, variables)
      const { tokens: _, ...alone } = yield* load(ini())
      assert.deepStrictEqual(fromDefaults, alone)
      assert.strictEqual(tokens.issuer, "gitlab-registry-usage-rest")
    })
  )

  it.effect("the printed configuration decodes to the same values", () =>
    Effect.gen(function* () {
      const text = ini({
        general: { server_prefix: "/100%%25" },
        ldap: { group_rule: "memberOf", group_dn: "cn=a,dc=x\n  cn=b,dc=x" }
      })
      const before = yield* read(text)
      const after = yield* read(ConfigText.effectiveConfig(before))
      assert.deepStrictEqual(after.problems, [])
      for (const { key, name, section } of placedKeys.filter(({ key }) => !key.value.secret)) {
        const found = before.values.get(`[${section}] ${name}`)?.text
        const expected = found ?? (key.presence === "default" ? key.initial : undefined)
        assert.strictEqual(after.values.get(`[${section}] ${name}`)?.text, expected, name)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("F95 the printed configuration shows no secret, and where each value was set", () =>
    Effect.gen(function* () {
      const file = yield* written("canary-from-a-file\n")
      const path = yield* written(
        ini({ ldap: { bind_dn: "cn=reader", bind_password_file: file }, jwt: { previous_secret_key: secret } })
      )
      const source = yield* ConfigSource.read({
        file: { path, required: true },
        environment: {
          GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: "5001",
          GITLAB_REGISTRY_USAGE_REGISTRY_ACCESS_TOKEN: "canary-from-a-variable"
        }
      })
      const text = ConfigText.effectiveConfig(source)
      assert.notInclude(text, "canary")
      assert.include(text, "# from GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT\nsocket_port = 5001\n")
      assert.include(text, `# from ${path}:2\nhost = ldap.site.test\n`)
      assert.include(text, `# from ${path}:6\nbind_password = <redacted>\n`)
      assert.include(text, "# from GITLAB_REGISTRY_USAGE_REGISTRY_ACCESS_TOKEN\naccess_token = <redacted>\n")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("F95 a configuration that is logged shows no secret", () =>
    Effect.gen(function* () {
      const config = yield* load(ini({ ldap: { bind_dn: "cn=reader", bind_password: "canary-bind" } }))
      assert.strictEqual(Redacted.value(yield* Secret.current(config.registry.credentials!.token)), "canary-token")
      assert.notInclude(JSON.stringify(config), "canary")
      assert.notInclude(String(config.directory.service?.password), "canary")
    })
  )
})
