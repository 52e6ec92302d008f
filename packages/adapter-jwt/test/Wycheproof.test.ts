/**
 * Cases of the categories that Project Wycheproof has for JSON Web Signatures and Keys, made anew for our tokens: what
 * the signature is of, how it is written, what the numbers in it are, and what a key says that it is for.
 */
import {
  constants,
  createHash,
  createHmac,
  type KeyObject,
  privateEncrypt,
  sign,
  verify as verifies
} from "node:crypto"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import type { Authentication } from "@gitlab-registry-usage/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Forgery from "./Forgery.ts"
import { ed25519, rsa, secret } from "./Keys.ts"

const claims = { issuer: "https://usage.test", audience: "usage" }

type Port = Authentication.Tokens["Service"]

const genuine = Effect.fnUntraced(function* (current: KeySet.SigningKey) {
  const { tokens } = yield* JwtTokens.make({ ...claims, current })
  const token = Redacted.value((yield* tokens.issue({ username: "alice" })).token)
  const [head = "", payload = "", signature = ""] = token.split(".")
  const bytes = Buffer.from(signature, "base64url")
  const signed = `${head}.${payload}`
  /** The same token with another signature. */
  const withSignature = (signature: Uint8Array | string) =>
    `${signed}.${typeof signature === "string" ? signature : Buffer.from(signature).toString("base64url")}`
  assert.strictEqual((yield* tokens.verify(Redacted.make(token))).principal.username, "alice")
  return { tokens, token, head, payload, signature, bytes, signed, withSignature }
})

const refuses = (port: Port, token: string, what: string) =>
  Effect.map(Effect.result(port.verify(Redacted.make(token))), (result) => {
    if (result._tag === "Success") return assert.fail(`${what}: accepted`)
    assert.strictEqual(result.failure.reason._tag, "TokenInvalid", what)
  })

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Another last character that stands for the same bytes, as the length leaves some of its bits over. */
const sibling = (text: string) => alphabet[alphabet.indexOf(text.at(-1)!) ^ 1]

const flipped = (bytes: Buffer, bit: number) => {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

describe("signatures", () => {
  for (const [name, key] of [
    ["HS256", () => secret()],
    ["EdDSA", () => ed25519().private],
    ["RS256", () => rsa().private]
  ] as const) {
    it.live(`F58 ${name}: truncated, extended, empty, zero, of one bit more or less`, () =>
      Effect.gen(function* () {
        const { bytes, tokens, withSignature } = yield* genuine(key())
        const all = bytes.length
        for (const [what, signature] of [
          ["empty", Buffer.alloc(0)],
          ["zeros", Buffer.alloc(all)],
          ["ones", Buffer.alloc(all, 255)],
          ["without its last byte", bytes.subarray(0, -1)],
          ["without its first byte", bytes.subarray(1)],
          ["its half", bytes.subarray(0, all / 2)],
          ["one byte", bytes.subarray(0, 1)],
          ["with a zero behind", Buffer.concat([bytes, Buffer.alloc(1)])],
          ["with a zero before", Buffer.concat([Buffer.alloc(1), bytes])],
          ["twice", Buffer.concat([bytes, bytes])],
          ["backwards", Buffer.from(bytes.toReversed())]
        ] as const) {
          yield* refuses(tokens, withSignature(signature), what)
        }
        for (let bit = 0; bit < all * 8; bit += name === "RS256" ? 37 : 5) {
          yield* refuses(tokens, withSignature(flipped(bytes, bit)), `bit ${bit}`)
        }
      })
    )

    it.live(`F58 ${name}: text that is not base64url, and JSON instead of the compact form`, () =>
      Effect.gen(function* () {
        const { head, payload, signature, tokens, withSignature } = yield* genuine(key())
        for (const [what, token] of [
          ["a space within", withSignature(`${signature.slice(0, 9)} ${signature.slice(9)}`)],
          ["a character beyond the alphabet", withSignature(`${signature.slice(0, 9)}*${signature.slice(10)}`)],
          ["NUL within", withSignature(`${signature.slice(0, 9)}\0${signature.slice(10)}`)],
          ["other bits behind the last character's", withSignature(`${signature.slice(0, -1)}${sibling(signature)}`)],
          ["padded", `${head}.${payload}.${signature}=`],
          ["the alphabet of base64", withSignature(`${signature.slice(0, 9)}+/${signature.slice(11)}`)],
          ["hex", withSignature(Buffer.from(signature, "base64url").toString("hex"))],
          ["flattened JSON", JSON.stringify({ protected: head, payload, signature })],
          ["general JSON", JSON.stringify({ payload, signatures: [{ protected: head, signature }] })],
          ["no header", `.${payload}.${signature}`],
          ["no payload", `${head}..${signature}`],
          ["payload and header exchanged", `${payload}.${head}.${signature}`],
          ["another token's payload", `${head}.${Forgery.part({ sub: "mallory" })}.${signature}`],
          ["a comma for a dot", `${head},${payload},${signature}`]
        ] as const) {
          yield* refuses(tokens, token, what)
        }
      })
    )
  }

  it.live("F58 headers that JSON parsers read differently", () =>
    Effect.gen(function* () {
      const current = secret()
      const { head, payload, tokens } = yield* genuine(current)
      const text = Buffer.from(head, "base64url").toString("utf8")
      const signedWith = (header: string | Buffer) => {
        const signed = `${Buffer.from(header).toString("base64url")}.${payload}`
        const mac = createHmac("sha256", Redacted.value(current.secret)).update(signed).digest("base64url")
        return `${signed}.${mac}`
      }
      assert.strictEqual((yield* tokens.verify(Redacted.make(signedWith(text)))).principal.username, "alice")
      for (const [what, header] of [
        ["alg twice", text.replace("}", ',"alg":"none"}')],
        ["a comment", text.replace("{", "{/**/")],
        ["a comma too many", text.replace("}", ",}")],
        ["an array", `[${text}]`],
        ["a string", JSON.stringify(text)],
        ["null", "null"],
        ["nothing", ""],
        ["two objects", text + text],
        ["bytes that are not UTF-8", Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff, 0x7d])])],
        ["single quotes", text.replaceAll('"', "'")],
        ["a header named __proto__", text.replace("}", ',"__proto__":{"alg":"none"}}')]
      ] as const) {
        yield* refuses(tokens, signedWith(header), what)
      }
    })
  )
})

describe("numbers of RSA (PKCS #1 v1.5)", () => {
  const digestInfo = (algorithm: string, digest: Buffer) => Buffer.concat([Buffer.from(algorithm, "hex"), digest])
  const sha256 = "3031300d060960864801650304020105000420"

  /** 00 01 FF … FF 00 and what is signed, of the length of the modulus. */
  const encoded = (info: Buffer, length: number, { type = 1, fill = 255, behind = Buffer.alloc(0) } = {}) => {
    const padding = Buffer.alloc(length - 3 - info.length - behind.length, fill)
    return Buffer.concat([Buffer.from([0, type]), padding, Buffer.from([0]), info, behind])
  }
  const raw = (key: KeyObject, block: Buffer) => privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block)

  it.live("F55 F58 another padding, digest or encoding than RS256 has", () =>
    Effect.gen(function* () {
      const pair = rsa()
      const { bytes, signed, tokens, withSignature } = yield* genuine(pair.private)
      const digest = createHash("sha256").update(signed).digest()
      const info = digestInfo(sha256, digest)
      const all = bytes.length
      // What is made here by hand is the signature itself where nothing is changed.
      assert.deepStrictEqual(raw(pair.privateKey, encoded(info, all)), bytes)
      const n = BigInt(`0x${Buffer.from(pair.publicKey.export({ format: "jwk" }).n!, "base64url").toString("hex")}`)
      const number = BigInt(`0x${bytes.toString("hex")}`)
      const block = (value: bigint, length: number) => Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex")
      for (const [what, signature] of [
        ["without NULL", raw(pair.privateKey, encoded(digestInfo("302f300b06096086480165030402010420", digest), all))],
        ["the digest alone", raw(pair.privateKey, encoded(digest, all))],
        ["SHA-1", sign("sha1", Buffer.from(signed), pair.privateKey)],
        ["SHA-512", sign("sha512", Buffer.from(signed), pair.privateKey)],
        [
          "SHA-512 under the name of SHA-256",
          raw(pair.privateKey, encoded(digestInfo(sha256, createHash("sha512").update(signed).digest()), all))
        ],
        ["padding of type 0", raw(pair.privateKey, encoded(info, all, { type: 0, fill: 0 }))],
        ["padding of type 2", raw(pair.privateKey, encoded(info, all, { type: 2, fill: 7 }))],
        ["garbage behind", raw(pair.privateKey, encoded(info, all, { behind: Buffer.alloc(32, 1) }))],
        ["a byte of the padding changed", raw(pair.privateKey, flipped(encoded(info, all), 24))],
        [
          "PSS",
          sign("sha256", Buffer.from(signed), { key: pair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING })
        ],
        ["the signature and the modulus", block(number + n, all + 1)],
        ["the modulus", block(n, all)],
        ["one", block(1n, all)],
        ["the modulus less one", block(n - 1n, all)]
      ] as const) {
        yield* refuses(tokens, withSignature(signature), what)
      }
    })
  )
})

describe("numbers of Ed25519", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const little = (bytes: Buffer) => BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`)
  const bytesOf = (value: bigint) => Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed())

  it.live("F58 a signature has one form: S is below the order of the group, R is a point", () =>
    Effect.gen(function* () {
      const { bytes, tokens, withSignature } = yield* genuine(ed25519().private)
      const [r, s] = [bytes.subarray(0, 32), bytes.subarray(32)]
      const other = (r: Buffer, s: Buffer) => withSignature(Buffer.concat([r, s]))
      const zero = Buffer.alloc(32)
      const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])
      for (const [what, token] of [
        ["S and the order", other(r, bytesOf(little(s) + order))],
        ["S and twice the order", other(r, bytesOf(little(s) + 2n * order))],
        ["S negated", other(r, bytesOf(order - little(s)))],
        ["S zero", other(r, zero)],
        ["S the order", other(r, bytesOf(order))],
        ["R zero", other(zero, s)],
        ["R the identity", other(identity, s)],
        ["R the identity, S zero", other(identity, zero)],
        ["R no point", other(Buffer.alloc(32, 2), s)],
        ["R and S exchanged", other(s, r)],
        ["R of the other sign", other(flipped(Buffer.from(r), 255), s)]
      ] as const) {
        yield* refuses(tokens, token, what)
      }
    })
  )
})

describe("keys", () => {
  const current = secret()
  const problems = (key: unknown) =>
    Effect.gen(function* () {
      const text = typeof key === "string" ? key : JSON.stringify(key)
      for (const source of [
        { current: KeySet.privateKey(Redacted.make(text)) },
        { current, previous: [KeySet.publicKey(text)] }
      ]) {
        const result = yield* Effect.result(JwtTokens.make({ ...claims, ...source }))
        if (result._tag === "Success") return assert.fail(`accepted: ${text.slice(0, 200)}`)
        assert.strictEqual(result.failure._tag, "JwtOptionsError")
        const d = typeof key === "object" && key !== null && "d" in key ? String(key.d) : text
        if (d.length > 20) assert.notInclude(result.failure.message, d.slice(0, 20))
      }
    })

  it.live("F91 keys of another kind, too short, cut off, or with numbers that no key has", () =>
    Effect.gen(function* () {
      const ed = ed25519().privateKey.export({ format: "jwk" })
      const pair = rsa().privateKey.export({ format: "jwk" })
      const short = rsa(1024).privateKey.export({ format: "jwk" })
      for (const key of [
        {},
        { kty: "oct", k: Buffer.alloc(32, 7).toString("base64url") },
        { kty: "none" },
        { ...ed, kty: "EC" },
        { ...ed, crv: "X25519" },
        { ...ed, crv: "Ed448" },
        { ...ed, crv: "P-256" },
        { ...ed, x: "", d: undefined },
        { ...ed, x: ed.x!.slice(0, 20), d: undefined },
        { ...ed, x: 7 },
        short,
        { kty: "RSA", n: short.n, e: short.e },
        { ...pair, n: "" },
        { kty: "RSA", n: pair.n },
        { kty: "RSA", e: pair.e },
        { keys: [ed] },
        [ed],
        "",
        "{",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
      ]) {
        yield* problems(key)
      }
    })
  )
})

/** Examples of RFCs, checked with Node's own cryptography, so that they mean what they say. */
describe("examples", () => {
  it.live("the ids of keys are the thumbprints of RFC 7638 and RFC 8037", () =>
    Effect.gen(function* () {
      const rsaKey = {
        kty: "RSA",
        n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        e: "AQAB",
        alg: "RS256",
        kid: "2011-04-29"
      }
      const edKey = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }
      const { publicKeys } = yield* JwtTokens.make({
        ...claims,
        current: secret(),
        previous: [KeySet.publicKey(JSON.stringify(rsaKey)), KeySet.publicKey(JSON.stringify(edKey))]
      })
      assert.deepStrictEqual(
        publicKeys.keys.map(({ kid }) => kid),
        ["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]
      )
    })
  )

  it.live("F56 the signatures of RFC 7520 (4.1) and RFC 8037 (A.4) are genuine, and still no tokens of ours", () =>
    Effect.gen(function* () {
      const examples = [
        {
          hash: "sha256",
          key: {
            kty: "RSA",
            n: "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
            e: "AQAB"
          },
          token:
            "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"
        },
        {
          hash: null,
          key: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
          token:
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        }
      ] as const
      for (const { hash, key, token } of examples) {
        const [head, payload, signature] = token.split(".")
        const signed = Buffer.from(`${head}.${payload}`)
        assert.isTrue(
          verifies(hash, signed, { key: { ...key }, format: "jwk" }, Buffer.from(signature!, "base64url")),
          key.kty
        )
        const { tokens } = yield* JwtTokens.make({
          ...claims,
          current: secret(),
          previous: [KeySet.publicKey(JSON.stringify(key))]
        })
        yield* refuses(tokens, token, key.kty)
      }
    })
  )
})
