import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fc from "fast-check"
import * as Forgery from "./Forgery.ts"
import { ed25519, rsa } from "./Keys.ts"
import { Http } from "./Traffic.ts"
import { now, sharedText, tokens, genuine, verify, reason, invalid, expired, without } from "./tokens.ts"

describe("Verification", () => {
  it.effect("accepts a correct token made by hand, the control for the refusals below", () =>
    Effect.gen(function* () {
      const { port, header, payload } = yield* genuine
      const verified = yield* verify(port, Forgery.hmac(header, payload, sharedText))
      assert.deepStrictEqual(verified.principal, { username: "alice" })
    })
  )

  it.effect("F55 no signature, another algorithm, or the wrong kind of key", () =>
    Effect.gen(function* () {
      const { port, header, payload, token } = yield* genuine
      const bare = token.split(".").slice(0, 2)
      for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
        const unsigned = `${Forgery.part({ ...header, alg })}.${bare[1]}`
        for (const signature of ["", ".", `.${token.split(".")[2]}`]) yield* invalid(port, unsigned + signature, alg)
      }
      for (const [alg, hash] of [
        ["HS384", "sha384"],
        ["HS512", "sha512"]
      ] as const) {
        yield* invalid(port, Forgery.hmac({ ...header, alg }, payload, sharedText, hash), alg)
      }
      yield* invalid(port, Forgery.hmac(header, payload, sharedText, "sha512"))
      for (const alg of ["RS256", "EdDSA", "ES256", "PS256", "hs256", "HS256 ", null, 1, ["HS256"]]) {
        yield* invalid(port, Forgery.hmac({ ...header, alg }, payload, sharedText), String(alg))
      }
      for (const [pair, hash, alg] of [
        [rsa(), "sha256", "RS256"],
        [ed25519(), null, "EdDSA"]
      ] as const) {
        const own = yield* tokens({ current: pair.private })
        const issued = Redacted.value((yield* own.issue({ username: "alice" })).token)
        const ownHeader = Forgery.read(issued, 0)
        // The public key as the secret of an HMAC, in every form in which a library might read it.
        for (const form of [
          pair.public.key,
          pair.public.key.trim(),
          pair.publicKey.export({ type: "spki", format: "der" }),
          JSON.stringify(pair.publicKey.export({ format: "jwk" }))
        ]) {
          yield* invalid(own, Forgery.hmac({ ...ownHeader, alg: "HS256" }, payload, form))
          yield* invalid(own, Forgery.hmac(ownHeader, payload, form))
        }
        yield* invalid(port, Forgery.signature({ ...header, alg }, payload, pair.privateKey, hash))
        assert.strictEqual(
          (yield* verify(own, Forgery.signature(ownHeader, payload, pair.privateKey, hash))).principal.username,
          "alice"
        )
        yield* invalid(own, Forgery.signature({ ...ownHeader, alg: "ES256" }, payload, pair.privateKey, hash))
      }
    })
  )

  it.effect("F56 a claim missing, empty, of another type or for another service", () =>
    Effect.gen(function* () {
      const { port, header, payload } = yield* genuine
      const forged = (changes: Record<string, unknown>) => Forgery.hmac(header, { ...payload, ...changes }, sharedText)
      for (const name of ["exp", "iat", "nbf", "sub", "jti", "iss", "aud"]) {
        yield* invalid(port, Forgery.hmac(header, without(payload, name), sharedText), name)
        for (const value of [null, "", {}, [], true]) {
          yield* invalid(port, forged({ [name]: value }), `${name} ${JSON.stringify(value)}`)
        }
      }
      for (const [name, value] of [
        ["sub", 1],
        ["jti", 1],
        ["iss", "https://usage.test/"],
        ["iss", ["https://usage.test"]],
        ["aud", "other"],
        ["aud", "Usage"],
        ["aud", ["usage"]],
        ["aud", ["usage", "other"]]
      ] as const) {
        yield* invalid(port, forged({ [name]: value }), `${name} ${JSON.stringify(value)}`)
      }
      for (const typ of ["JWT", "at+jwt", "", undefined, null, 1]) {
        yield* invalid(port, Forgery.hmac({ ...header, typ }, payload, sharedText), String(typ))
      }
      for (const body of ["null", "[]", "1", '"alice"', "{", "", "{}"]) {
        yield* invalid(port, Forgery.hmac(header, body, sharedText), body)
      }
    })
  )

  it.effect("F57 the edges of the times, and times that are none", () =>
    Effect.gen(function* () {
      const { port, header, payload } = yield* genuine
      const at = (changes: Record<string, unknown>) => Forgery.hmac(header, { ...payload, ...changes }, sharedText)
      yield* expired(port, at({ exp: now }))
      yield* expired(port, at({ exp: now - 1 }))
      yield* expired(port, at({ exp: now - 0.001 }))
      yield* expired(port, at({ exp: 0 }))
      yield* verify(port, at({ exp: now + 1 }))
      yield* verify(port, at({ exp: now + 0.5 }))
      // Clocks of replicas differ; by more than 30 seconds they do not.
      yield* verify(port, at({ iat: now + 30, nbf: now + 30 }))
      yield* invalid(port, at({ iat: now + 31 }))
      yield* invalid(port, at({ nbf: now + 31 }))
      for (const name of ["exp", "iat", "nbf"]) {
        for (const value of [String(now), `${now + 60}`, "tomorrow", -1e300, Number.MAX_VALUE]) {
          const tag = yield* reason(port, at({ [name]: value }))
          assert.isTrue(tag === "TokenInvalid" || (name === "exp" && value === -1e300), `${name} ${value}`)
        }
        for (const number of ["1e400", "-1e400"]) {
          const body = JSON.stringify({ ...payload, [name]: 0 }).replace(`"${name}":0`, `"${name}":${number}`)
          const tag = yield* reason(port, Forgery.hmac(header, body, sharedText))
          assert.isTrue(tag === "TokenInvalid" || (name === "exp" && number === "-1e400"), `${name} ${number}`)
        }
      }
      yield* reason(port, at({ exp: -1 }))
    })
  )

  it.effect("F58 two, four or five parts", () =>
    Effect.gen(function* () {
      const { port, token } = yield* genuine
      const [header, payload, signature] = token.split(".")
      for (const forged of [
        `${header}.${payload}`,
        `${header}.${payload}.`,
        `${header}..${signature}`,
        `.${payload}.${signature}`,
        `${token}.`,
        `.${token}`,
        `${token}.x`,
        `${token}.${payload}.${signature}`,
        `${payload}.${header}.${signature}`
      ]) {
        yield* invalid(port, forged, forged)
      }
    })
  )

  it.effect("F58 a change of any byte makes the token invalid", () =>
    Effect.gen(function* () {
      const { port, token, payload } = yield* genuine
      const bytes = (text: string) =>
        text
          .split(".")
          .map((part) => Buffer.from(part, "base64url").toString("hex"))
          .join()
      const tampered = fc.oneof(
        fc
          .tuple(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }))
          .map(([at, char]) => token.slice(0, at) + char + token.slice(at + 1)),
        fc
          .tuple(fc.nat(token.length - 1), fc.nat(20))
          .map(([at, length]) => token.slice(0, at) + token.slice(at + length)),
        fc.tuple(fc.nat(token.length), fc.string()).map(([at, text]) => token.slice(0, at) + text + token.slice(at)),
        fc.tuple(fc.nat(2), fc.base64String()).map(([at, text]) => token.split(".").toSpliced(at, 1, text).join("."))
      )
      for (const forged of fc.sample(tampered, 2000)) {
        const result = yield* Effect.result(verify(port, forged))
        if (result._tag === "Failure") {
          assert.strictEqual(result.failure.reason._tag, "TokenInvalid", forged)
        } else {
          // Some texts are other spellings of the same bytes.
          assert.strictEqual(bytes(forged), bytes(token), forged)
          assert.strictEqual(result.success.id, payload["jti"])
        }
      }
    })
  )

  it.effect("F59 other spellings of a token do not change its id", () =>
    Effect.gen(function* () {
      const { port, token, payload } = yield* genuine
      for (const spelling of [`${token}=`, `${token} `, ` ${token}`, `${token}\n`]) {
        const result = yield* Effect.result(verify(port, spelling))
        if (result._tag === "Success") assert.strictEqual(result.success.id, payload["jti"])
        else assert.strictEqual(result.failure.reason._tag, "TokenInvalid")
      }
    })
  )

  it.live("F60 headers that contain or name keys or change the meaning are refused without a request", () =>
    Effect.gen(function* () {
      const http = yield* Http
      const port = yield* tokens()
      const token = Redacted.value((yield* port.issue({ username: "alice" })).token)
      const header = Forgery.read(token, 0)
      const payload = Forgery.read(token, 1)
      const pair = ed25519()
      const jwk = pair.publicKey.export({ format: "jwk" })
      for (const extra of [
        { crit: ["exp"], exp: 1 },
        { crit: ["b64"], b64: false },
        { crit: [] },
        { b64: false },
        { b64: true },
        { jku: http.url },
        { x5u: http.url },
        { jwk },
        { x5c: ["AAAA"] },
        { x5t: "AAAA" },
        { zip: "DEF" },
        { cty: "JWT" },
        { enc: "A256GCM" },
        { other: 1 }
      ]) {
        yield* invalid(port, Forgery.hmac({ ...header, ...extra }, payload, sharedText), JSON.stringify(extra))
        const own = { ...header, ...extra, alg: "EdDSA" }
        yield* invalid(port, Forgery.signature(own, payload, pair.privateKey, null), JSON.stringify(extra))
      }
      yield* Effect.sleep("50 millis")
      assert.strictEqual(http.requests(), 0)
    })
  )

  it.live("F61 only the length of a token of 1 MiB is read", () =>
    Effect.gen(function* () {
      const port = yield* tokens()
      const token = Redacted.value((yield* port.issue({ username: "alice" })).token)
      const large = [
        "a".repeat(1_048_576),
        `${"a".repeat(500_000)}.${"a".repeat(500_000)}.a`,
        ".".repeat(1_048_576),
        `${Forgery.part({ ...Forgery.read(token, 0), x: "y".repeat(700_000) })}.${token.split(".").slice(1).join(".")}`,
        "a".repeat(8193)
      ]
      for (const text of large) {
        const read = new Set<string | symbol>()
        const watched = new Proxy(Object(text) as object, {
          get: (target, name) => {
            read.add(name)
            const value: unknown = Reflect.get(target, name)
            return typeof value === "function" ? value.bind(target) : value
          }
        }) as unknown as string
        const { reason } = yield* Effect.flip(verify(port, watched))
        assert.deepStrictEqual([reason._tag, [...read]], ["TokenInvalid", ["length"]])
        yield* invalid(port, text)
      }
    })
  )

  it.effect("F62 an unknown, odd or absent key id", () =>
    Effect.gen(function* () {
      const { port, header, payload } = yield* genuine
      for (const kid of ["other", "", "__proto__", "constructor", "../../etc/passwd", "' OR 1=1", null, 1, {}, ["a"]]) {
        yield* invalid(port, Forgery.hmac({ ...header, kid }, payload, sharedText), JSON.stringify(kid))
      }
      yield* invalid(port, Forgery.hmac(without(header, "kid"), payload, sharedText))
    })
  )
})
