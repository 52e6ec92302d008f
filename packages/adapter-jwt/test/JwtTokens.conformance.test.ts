import { TokensTest } from "@gitlab-registry-usage/core/conformance"
import { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import { ed25519, rsa, secret } from "./Keys.ts"

const claims = { issuer: "https://usage.test", audience: "usage" }

TokensTest.suite("HS256", JwtTokens.layer({ ...claims, current: secret() }))
TokensTest.suite("EdDSA", JwtTokens.layer({ ...claims, current: ed25519().private }))
TokensTest.suite("RS256", JwtTokens.layer({ ...claims, current: rsa().private }))
