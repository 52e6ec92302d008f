import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Ref, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as Forgery from "./Forgery.ts"
import { ed25519, rsa } from "./Keys.ts"
import { now, shared, claims, tokens, genuine, verify, invalid, expired } from "./tokens.ts"

describe("JwtTokens", () => {
  it.effect("writes the claims that it requires, and expires after two weeks", () =>
    Effect.gen(function* () {
      const { header, payload, token } = yield* genuine
      assert.deepStrictEqual(Object.keys(header).sort(), ["alg", "kid", "typ"])
      assert.strictEqual(header["alg"], "HS256")
      assert.deepInclude(payload, {
        iss: "https://usage.test",
        aud: "usage",
        sub: "alice",
        iat: now,
        nbf: now,
        exp: now + 14 * 24 * 3600
      })
      assert.match(String(payload["jti"]), /^[0-9a-f-]{36}$/)
      assert.isAtMost(token.length, 600)
    })
  )

  it.effect("F63 after a rotation both keys verify and the new one signs; a removed key does not verify", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const [first, second, third] = [ed25519(), ed25519(), rsa()]
      const stages = [
        { current: shared, previous: [] },
        { current: first.private, previous: [shared] },
        { current: second.private, previous: [first.public, shared] },
        { current: third.private, previous: [second.private, first.public] }
      ]
      const ports = yield* Effect.forEach(stages, (stage) => tokens(stage))
      const issued = yield* Effect.forEach(ports, (port) => port.issue({ username: "alice" }))
      const ids = issued.map(({ token }) => Forgery.read(Redacted.value(token), 0)["kid"])
      assert.lengthOf(new Set(ids), 4)
      const accepts = [
        [true, false, false, false],
        [true, true, false, false],
        [true, true, true, false],
        [false, true, true, true]
      ]
      for (const [stage, port] of ports.entries()) {
        for (const [index, { token }] of issued.entries()) {
          const result = yield* Effect.result(port.verify(token))
          assert.strictEqual(result._tag === "Success", accepts[stage]![index], `${stage} ${index}`)
        }
      }
    })
  )

  it.effect("F64 the clock jumps by an hour", () =>
    Effect.gen(function* () {
      const { port, token } = yield* genuine
      yield* TestClock.setTime((now + 3600) * 1000)
      yield* verify(port, token)
      // Issued in the future of this clock: refused until it is right again, and then accepted as before.
      yield* TestClock.setTime((now - 3600) * 1000)
      yield* invalid(port, token)
      yield* TestClock.setTime((now - 30) * 1000)
      yield* verify(port, token)
      yield* TestClock.setTime((now + 14 * 24 * 3600) * 1000 - 1)
      yield* verify(port, token)
      yield* TestClock.setTime((now + 14 * 24 * 3600) * 1000)
      yield* expired(port, token)
    })
  )

  it.effect("F65 a token of another deployment with the same secret", () =>
    Effect.gen(function* () {
      const { token } = yield* genuine
      yield* invalid(yield* tokens({ issuer: "https://other.test" }), token)
      yield* invalid(yield* tokens({ audience: "other" }), token)
      yield* verify(yield* tokens(), token)
    })
  )

  it.effect("F66 tokens from before a revocation are refused by all that share the store", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const revoked = yield* Ref.make(DateTime.makeUnsafe(0))
      const replicas = yield* Effect.all([
        tokens({ notBefore: Ref.get(revoked) }),
        tokens({ notBefore: Ref.get(revoked) })
      ])
      const { token } = yield* replicas[0].issue({ username: "alice" })
      for (const replica of replicas) yield* replica.verify(token)
      yield* TestClock.adjust("1500 millis")
      yield* Ref.set(revoked, yield* DateTime.now)
      for (const replica of replicas) yield* invalid(replica, Redacted.value(token))
      // Of the second that holds the revocation nobody knows which token came first.
      const same = yield* replicas[1].issue({ username: "alice" })
      for (const replica of replicas) yield* invalid(replica, Redacted.value(same.token))
      yield* TestClock.adjust("1 second")
      const next = yield* replicas[1].issue({ username: "alice" })
      for (const replica of replicas) yield* replica.verify(next.token)
    })
  )

  it.effect("expires after `life`", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000 + 999)
      const port = yield* tokens({ life: "90 seconds" })
      const { token, expiresAt } = yield* port.issue({ username: "alice" })
      assert.strictEqual(DateTime.toEpochMillis(expiresAt), (now + 90) * 1000)
      yield* TestClock.setTime((now + 90) * 1000 - 1)
      yield* port.verify(token)
      yield* TestClock.adjust("1 millis")
      yield* expired(port, Redacted.value(token))
    })
  )

  it.effect("publishes the public keys of pairs and never a secret", () =>
    Effect.gen(function* () {
      const [current, previous] = [ed25519(), rsa()]
      const { publicKeys, tokens: port } = yield* JwtTokens.make({
        ...claims,
        current: current.private,
        previous: [previous.private, KeySet.sharedSecret(shared.secret)]
      })
      const { token } = yield* port.issue({ username: "alice" })
      assert.strictEqual(publicKeys.keys[0]!.kid, Forgery.read(Redacted.value(token), 0)["kid"])
      assert.deepStrictEqual(
        publicKeys.keys.map((key) => [key.kty, key.alg, key.use, Object.keys(key).sort().join()]),
        [
          ["OKP", "EdDSA", "sig", "alg,crv,kid,kty,use,x"],
          ["RSA", "RS256", "sig", "alg,e,kid,kty,n,use"]
        ]
      )
      assert.deepStrictEqual((yield* JwtTokens.make({ ...claims, current: shared })).publicKeys, { keys: [] })
    })
  )
})
