import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Account, DemoRegistry } from "../../src/index.ts"
import { ask, askToken, basic, codes, registry, token } from "../client.ts"

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString())

describe("TokenService", () => {
  layer(registry(), { excludeTestServices: true })((it) => {
    it.effect("a request without a token gets a challenge that names realm, service and scope", () =>
      Effect.gen(function* () {
        const { url } = yield* DemoRegistry.DemoRegistry
        const challenge = `Bearer realm="${url}/jwt/auth",service="container_registry"`
        for (const [path, scope] of [
          ["/v2/", ""],
          ["/v2/_catalog", `,scope="registry:catalog:*"`],
          ["/v2/acme/shop/api/tags/list", `,scope="repository:acme/shop/api:pull"`],
          ["/v2/group/tags/inner/manifests/tags", `,scope="repository:group/tags/inner:pull"`]
        ] as const) {
          const answer = yield* ask(path)
          assert.strictEqual(answer.status, 401, path)
          assert.strictEqual(answer.headers.get("www-authenticate"), challenge + scope)
          assert.deepStrictEqual(codes(answer), ["UNAUTHORIZED"])
        }
        const deletion = yield* ask("/v2/acme/shop/api/manifests/1.0.0", { method: "DELETE" })
        assert.include(deletion.headers.get("www-authenticate"), `scope="repository:acme/shop/api:delete"`)
      })
    )

    it.effect("the response has the token only, and the token has the granted access and its expiry", () =>
      Effect.gen(function* () {
        const before = Math.floor(Date.now() / 1000)
        const answer = yield* askToken(
          Account.administrator,
          "registry:catalog:*",
          "repository:acme/shop/api:pull,delete",
          "repository:acme/shop/web:pull"
        )
        assert.strictEqual(answer.status, 200)
        assert.deepStrictEqual(Object.keys(answer.json), ["token"])
        const claims = claimsOf(answer.json.token)
        assert.deepStrictEqual(claims.access, [
          { type: "registry", name: "catalog", actions: ["*"] },
          { type: "repository", name: "acme/shop/api", actions: ["pull", "delete"] },
          { type: "repository", name: "acme/shop/web", actions: ["pull"] }
        ])
        assert.strictEqual(claims.exp - claims.iat, 300)
        assert.isAtLeast(claims.iat, before)
        assert.isAtMost(claims.iat, before + 30)
      })
    )

    it.effect("access that is not permitted is omitted, and a token that grants nothing is no error", () =>
      Effect.gen(function* () {
        const granted = (account: Account.Account, ...scopes: ReadonlyArray<string>) =>
          Effect.map(askToken(account, ...scopes), ({ json, status }) => {
            assert.strictEqual(status, 200)
            return claimsOf(json.token).access
          })
        assert.deepStrictEqual(yield* granted(Account.administrator, "repository:acme/vault/secrets:pull"), [])
        assert.deepStrictEqual(yield* granted(Account.administrator), [])
        assert.deepStrictEqual(
          yield* granted(Account.deployToken, "registry:catalog:*", "repository:acme/shop/api:pull,delete"),
          [{ type: "repository", name: "acme/shop/api", actions: ["pull"] }]
        )
        assert.deepStrictEqual(yield* granted(Account.deployToken, "repository:library/base/node:pull"), [])
        assert.deepStrictEqual(
          yield* granted(Account.administrator, "registry:catalog:pull", "registry:other:*", "nonsense", "a:b"),
          []
        )
      })
    )

    it.effect("several scopes in one parameter are none", () =>
      Effect.gen(function* () {
        const { json } = yield* askToken(
          Account.administrator,
          "repository:acme/shop/api:pull repository:acme/shop/web:pull"
        )
        const answer = yield* ask("/v2/acme/shop/api/tags/list", { token: json.token })
        assert.strictEqual(answer.status, 401)
      })
    )

    it.effect("refuses wrong credentials, no credentials, another service and a long query", () =>
      Effect.gen(function* () {
        const wrong = yield* askToken({ ...Account.administrator, password: Redacted.make("wrong") })
        assert.strictEqual(wrong.status, 401)
        assert.deepStrictEqual(codes(wrong), ["UNAUTHORIZED"])
        const blank = yield* askToken({ ...Account.administrator, password: Redacted.make("") })
        assert.strictEqual(blank.status, 401)
        const nobody = yield* askToken(undefined, "repository:acme/shop/api:pull")
        assert.strictEqual(nobody.status, 403)
        assert.deepStrictEqual(codes(nobody), ["DENIED"])
        const headers = basic(Account.administrator)
        assert.strictEqual((yield* ask("/jwt/auth?service=other", { headers })).status, 404)
        const scopes = Array.from({ length: 300 }, (_, i) => `repository:acme/shop/image-${i}:pull`)
        assert.strictEqual((yield* askToken(Account.administrator, ...scopes)).status, 400)
        assert.strictEqual((yield* ask("/jwt/auth", { method: "POST", headers })).status, 405)
      })
    )

    it.effect("the registry accepts a token only for the granted access", () =>
      Effect.gen(function* () {
        const api = yield* token("repository:acme/shop/api:pull")
        assert.strictEqual((yield* ask("/v2/", { token: api })).status, 200)
        assert.strictEqual((yield* ask("/v2/acme/shop/api/tags/list", { token: api })).status, 200)
        for (const [path, method] of [
          ["/v2/acme/shop/web/tags/list", "GET"],
          ["/v2/_catalog", "GET"],
          ["/v2/acme/vault/secrets/tags/list", "GET"],
          ["/v2/acme/shop/api/manifests/1.0.0", "DELETE"]
        ] as const) {
          const answer = yield* ask(path, { token: api, method })
          assert.strictEqual(answer.status, 401, path)
          assert.include(answer.headers.get("www-authenticate"), `error="insufficient_scope"`)
        }
      })
    )

    it.effect("the registry refuses a token that it did not sign", () =>
      Effect.gen(function* () {
        const [header, payload, signature] = (yield* token("registry:catalog:*")).split(".")
        const forged = Buffer.from(JSON.stringify({ ...claimsOf(`.${payload}`), exp: 2_000_000_000 }))
        for (const bad of [
          `${header}.${forged.toString("base64url")}.${signature}`,
          `${header}.${payload}.`,
          `${header}.${payload}`,
          `${header}.${payload}.%%%`,
          "garbage"
        ]) {
          const answer = yield* ask("/v2/_catalog", { token: bad })
          assert.strictEqual(answer.status, 401, bad)
          assert.include(answer.headers.get("www-authenticate"), `error="invalid_token"`)
        }
      })
    )
  })

  it.live("a token ends after its life", () =>
    Effect.gen(function* () {
      const short = yield* token("registry:catalog:*")
      assert.strictEqual((yield* ask("/v2/_catalog", { token: short })).status, 200)
      yield* Effect.sleep("1100 millis")
      const answer = yield* ask("/v2/_catalog", { token: short })
      assert.strictEqual(answer.status, 401)
      assert.include(answer.headers.get("www-authenticate"), `error="invalid_token"`)
    }).pipe(Effect.provide(registry({ tokenLife: "1 second" })))
  )
})
