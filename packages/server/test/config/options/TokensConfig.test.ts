import { generateKeyPairSync } from "node:crypto"
import { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { ini, load, refusal, secret, written } from "../fixture.ts"

describe("the tokens", () => {
  const pair = generateKeyPairSync("ed25519")
  const privatePem = pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString()
  const publicPem = pair.publicKey.export({ format: "pem", type: "spki" }).toString()

  it.effect("are signed with the private key if it is set, and previous keys still verify", () =>
    Effect.gen(function* () {
      const current = yield* written(privatePem)
      const earlier = yield* written(publicPem)
      const { tokens } = yield* load(
        ini({
          jwt: {
            secret_key: undefined,
            private_key_file: current,
            previous_secret_key: secret,
            previous_public_key_files: `${earlier}, ${earlier}`,
            not_before: "2026-01-31T12:00:00Z",
            audience: "x"
          }
        })
      )
      assert.strictEqual(tokens.current._tag, "PrivateKey")
      assert.deepStrictEqual(
        tokens.previous?.map(({ _tag }) => _tag),
        ["SharedSecret", "PublicKey", "PublicKey"]
      )
      assert.strictEqual(tokens.audience, "x")
      assert.strictEqual(DateTime.formatIso(yield* tokens.notBefore!), "2026-01-31T12:00:00.000Z")
      yield* JwtTokens.make(tokens)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("refuse two signing keys, and report each file without a key", () =>
    Effect.gen(function* () {
      const noKey = yield* written("canary")
      const message = yield* refusal(
        ini({
          jwt: { private_key_file: noKey, previous_public_key_files: noKey, previous_secret_key: "canary" }
        })
      )
      assert.notInclude(message, "canary")
      assert.deepStrictEqual(
        [...message.matchAll(/^ {2}(\[\w+\] \w+)/gm)].map(([, subject]) => subject),
        ["[jwt] secret_key", "[jwt] private_key_file", "[jwt] previous_secret_key", "[jwt] previous_public_key_files"]
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("F65 are for one registry by default", () =>
    Effect.gen(function* () {
      const { tokens } = yield* load(ini())
      assert.strictEqual(tokens.audience, "https://registry.site.test/")
    })
  )
})
