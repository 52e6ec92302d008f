import { issueToken, type Options, TokenFailure, verifyToken } from "@gitlab-registry-usage/adapter-jwt/promise"
import { describe, expect, it } from "@effect/vitest"
import { generateKeyPairSync } from "node:crypto"

const options: Options = {
  key: { secret: "a secret of the test that is longer than 32 bytes" },
  issuer: "https://usage.example",
  audience: "usage"
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof TokenFailure ? error.code : error)
  )

describe("issueToken and verifyToken", () => {
  it("an issued token verifies to the same user", async () => {
    const issued = await issueToken(options, "alice")
    const verified = await verifyToken(options, issued.token)
    expect(verified.username).toBe("alice")
    expect(verified.expiresAt).toEqual(issued.expiresAt)
    expect(issued.expiresAt.getTime() - verified.issuedAt.getTime()).toBe(14 * 24 * 3600 * 1000)
    expect(verified.id).toMatch(/^[\w-]{20,}$/)
  })

  it("a key pair signs, and its public half verifies after a rotation", async () => {
    const pair = () => {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519")
      return {
        privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
        publicKey: publicKey.export({ type: "spki", format: "pem" }) as string
      }
    }
    const [old, current] = [pair(), pair()]
    const { token } = await issueToken({ ...options, key: { privateKey: old.privateKey } }, "alice")
    const rotated = { ...options, key: { privateKey: current.privateKey }, previous: [{ publicKey: old.publicKey }] }
    expect((await verifyToken(rotated, token)).username).toBe("alice")
    expect(await codeOf(verifyToken({ ...options, key: { privateKey: current.privateKey } }, token))).toBe(
      "ERR_TOKEN_INVALID"
    )
  })

  it("errors have a stable code and hold no secret", async () => {
    const { token } = await issueToken({ ...options, life: 1000 }, "alice")
    expect(await codeOf(verifyToken(options, `${token}x`))).toBe("ERR_TOKEN_INVALID")
    expect(await codeOf(verifyToken({ ...options, audience: "other" }, token))).toBe("ERR_TOKEN_INVALID")
    expect(await codeOf(verifyToken({ ...options, notBefore: new Date(Date.now() + 60_000) }, token))).toBe(
      "ERR_TOKEN_INVALID"
    )
    const short = issueToken({ ...options, key: { secret: "short-canary" } }, "alice")
    expect(await codeOf(short)).toBe("ERR_TOKEN_OPTIONS")
    await expect(short).rejects.not.toThrow(/short-canary/)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await codeOf(verifyToken(options, token))).toBe("ERR_TOKEN_EXPIRED")
  })
})
