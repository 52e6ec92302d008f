import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as TrustedOrigins from "../../src/auth/TrustedOrigins.ts"

const trusted = TrustedOrigins.trust(
  [new URL("https://registry.example.com:5050"), new URL("https://gitlab.example.com/gitlab")],
  ["Auth.example.com", "other.example.com:8443"]
)
const realm = (text: string) => TrustedOrigins.parseRealm(text, trusted)

describe("Origins", () => {
  it("trusts the configured hosts over https", () => {
    for (const text of [
      "https://gitlab.example.com/jwt/auth",
      "https://GITLAB.example.com:8443/jwt/auth",
      "https://registry.example.com/token",
      "https://auth.example.com/token?x=1",
      "https://other.example.com:8443/token"
    ]) {
      assert.isTrue(Result.isSuccess(realm(text)), text)
    }
  })

  it("F68 F69 refuses any other host, and names it without what may be secret", () => {
    for (const [text, named] of [
      ["https://evil.example/jwt/auth", "https://evil.example/jwt/auth"],
      ["https://evil-gitlab.example.com/", "https://evil-gitlab.example.com/"],
      ["https://gitlab.example.com.evil.example/", "https://gitlab.example.com.evil.example/"],
      ["https://gitlab.example.com@evil.example/", "https://evil.example/"],
      ["https://evil.example#@gitlab.example.com/", "https://evil.example/"],
      ["https://evil.example\\@gitlab.example.com/", "https://evil.example/@gitlab.example.com/"],
      ["https://example.com/?key=secret", "https://example.com/"],
      ["https://other.example.com/token", "https://other.example.com/token"],
      ["https://169.254.169.254/latest", "https://169.254.169.254/latest"],
      ["https://[fe80::1]/", "https://[fe80::1]/"]
    ] as const) {
      const result = realm(text)
      assert.isTrue(Result.isFailure(result), text)
      if (Result.isFailure(result)) {
        assert.strictEqual(result.failure._tag, "Unsafe")
        assert.include(result.failure.detail, `${named},`)
        assert.notInclude(result.failure.detail, "secret")
      }
    }
  })

  it("F68 refuses http, other schemes and credentials in the URL", () => {
    for (const text of [
      "http://gitlab.example.com/jwt/auth",
      "ftp://gitlab.example.com/",
      "file:///etc/passwd",
      "https://user:pass@gitlab.example.com/"
    ]) {
      const result = realm(text)
      assert.isTrue(Result.isFailure(result) && result.failure._tag === "Unsafe", text)
    }
    const result = realm("/jwt/auth")
    assert.isTrue(Result.isFailure(result) && result.failure._tag === "Malformed")
  })

  it("F68 the loopback interface needs no https, but must be configured as well", () => {
    const local = TrustedOrigins.trust([new URL("http://127.0.0.1:5000")], [])
    assert.isTrue(Result.isSuccess(TrustedOrigins.parseRealm("http://127.0.0.1:8080/jwt/auth", local)))
    for (const text of ["http://localhost/", "http://[::1]/", "http://127.0.0.2/", "http://127.0.0.1.evil.example/"]) {
      assert.isTrue(Result.isFailure(TrustedOrigins.parseRealm(text, local)), text)
    }
    assert.isTrue(Result.isFailure(realm("http://127.0.0.1/")))
  })
})
