import { createECDH, generateKeyPairSync, randomBytes } from "node:crypto"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ed25519, rsa, secret } from "./Keys.ts"

const claims = { issuer: "https://usage.test", audience: "usage" }

const problems = (options: Partial<JwtTokens.Options>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(JwtTokens.make({ ...claims, current: secret(), ...options }))
    assert.strictEqual(error._tag, "JwtOptionsError")
    return error
  })

const withSecret = (text: string) => problems({ current: KeySet.sharedSecret(Redacted.make(text)) })

describe("KeySet", () => {
  it.effect(
    "F91 refuses secrets that are missing, short, repeated or known, with advice and without printing them",
    () =>
      Effect.gen(function* () {
        for (const text of [
          "",
          "secret",
          "x7Kq9",
          randomBytes(20).toString("base64"),
          "ä".repeat(15),
          "\0".repeat(32),
          "0".repeat(64),
          "a".repeat(32),
          "ab".repeat(20),
          "0123456789abcdef0123456789abcdef",
          "kqXv7Zp2".repeat(4),
          "change-me-change-me-please-change-me",
          "your-256-bit-secret-your-256-bit-secret!",
          "a-string-secret-at-least-256-bits-long",
          "This Is A Secret That Nobody Should Use",
          "super-secret-key-for-the-usage-server",
          "CorrectHorseBatteryStaple-and-some-more",
          "abcdefghijklmnopqrstuvwxyz012345",
          `${randomBytes(36).toString("base64")}\n`
        ]) {
          const error = yield* withSecret(text)
          assert.lengthOf(error.problems, 1, text)
          assert.match(error.message, /openssl rand/)
          // The word "secret" itself is in every message.
          if (text.trim().length > 0 && text !== "secret") {
            assert.notInclude(`${error.message} ${JSON.stringify(error)} ${String(error)}`, text.trim())
          }
        }
      })
  )

  it.effect("accepts random secrets in every usual encoding", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 200; round++) {
        const bytes = randomBytes(32)
        for (const text of [bytes.toString("base64"), bytes.toString("hex"), bytes.toString("base64url")]) {
          yield* JwtTokens.make({ ...claims, current: KeySet.sharedSecret(Redacted.make(text)) })
        }
      }
      yield* JwtTokens.make({ ...claims, current: KeySet.sharedSecret(Redacted.make(randomBytes(16).toString("hex"))) })
    })
  )

  it.effect("accepts key pairs as PEM and as JSON Web Keys, with the same key id", () =>
    Effect.gen(function* () {
      for (const pair of [ed25519(), rsa()]) {
        const asJwk = KeySet.privateKey(Redacted.make(JSON.stringify(pair.privateKey.export({ format: "jwk" }))))
        const publicJwk = KeySet.publicKey(JSON.stringify(pair.publicKey.export({ format: "jwk" })))
        const sets = yield* Effect.all([
          KeySet.make(pair.private, []),
          KeySet.make(asJwk, []),
          KeySet.make(secret(), [pair.public]),
          KeySet.make(secret(), [publicJwk]),
          KeySet.make(secret(), [asJwk])
        ])
        assert.lengthOf(new Set(sets.map((set) => set.published.keys[0]!.kid)), 1)
      }
    })
  )

  it.effect("F91 refuses keys that are malformed, weak or of another kind, and prints none", () =>
    Effect.gen(function* () {
      const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" })
      const x25519 = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" })
      for (const text of [
        "",
        "canary",
        "{canary",
        '{"kty":"OKP","crv":"Ed25519","d":"canary"}',
        "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
        ed25519().public.key,
        ec.toString(),
        x25519.toString(),
        Redacted.value(rsa(1024).private.key),
        createECDH("prime256v1").generateKeys("hex")
      ]) {
        const error = yield* problems({ current: KeySet.privateKey(Redacted.make(text)) })
        assert.lengthOf(error.problems, 1, text)
        assert.notInclude(`${error.message} ${JSON.stringify(error)} ${String(error.stack)}`, "canary")
      }
    })
  )

  it.effect("reports all problems at once, each with its option", () =>
    Effect.gen(function* () {
      const error = yield* problems({
        current: KeySet.sharedSecret(Redacted.make("short")),
        previous: [KeySet.publicKey("nothing"), rsa(1024).public, ed25519().public],
        issuer: "",
        audience: "",
        life: "10 millis"
      })
      assert.deepStrictEqual(
        error.problems.map(({ option }) => option),
        ["current", "previous.0", "previous.1", "issuer", "audience", "life"]
      )
    })
  )
})
