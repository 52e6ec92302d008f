import { Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { signIn, unavailable } from "./SignIn.ts"

const user = { username: "alice" }

describe.skipIf(Servers.leftOut("slapd"))("Transport", () => {
  it.live("verifies the host name, or the address if the certificate has it", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start()
      const certificateAuthorities = [slapd.authority]
      for (const url of [slapd.ldap, slapd.ldaps]) {
        assert.deepStrictEqual(yield* signIn({ url, certificateAuthorities }), user)
        const byAddress = url.replace("localhost", "127.0.0.1")
        assert.deepStrictEqual(yield* signIn({ url: byAddress, certificateAuthorities }), user)
        // Used again, since StartTLS writes into its options.
        assert.deepStrictEqual(yield* signIn({ url: byAddress, certificateAuthorities }), user)
      }
    })
  )

  it.live("F42 an authority that is not trusted", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start()
      const other = yield* Slapd.start()
      for (const url of [slapd.ldap, slapd.ldaps]) {
        assert.match(yield* unavailable(signIn({ url })), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/)
        const certificateAuthorities = [other.authority]
        assert.match(yield* unavailable(signIn({ url, certificateAuthorities })), /CERT|VERIFY/)
        assert.deepStrictEqual(yield* signIn({ url, certificateAuthorities: [other.authority, slapd.authority] }), user)
      }
    })
  )

  it.live("F42 an expired certificate", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start({ certificate: { names: "DNS:localhost", expired: true } })
      for (const url of [slapd.ldap, slapd.ldaps]) {
        const attempt = signIn({ url, certificateAuthorities: [slapd.authority] })
        assert.match(yield* unavailable(attempt), /CERT_HAS_EXPIRED/)
      }
    })
  )

  it.live("F42 a certificate for another host, unless serverName is that host", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start({ certificate: { names: "DNS:ldap.example.test" } })
      const certificateAuthorities = [slapd.authority]
      for (const named of [slapd.ldap, slapd.ldaps]) {
        for (const url of [named, named.replace("localhost", "127.0.0.1")]) {
          assert.match(yield* unavailable(signIn({ url, certificateAuthorities })), /ERR_TLS_CERT_ALTNAME_INVALID/)
          assert.deepStrictEqual(yield* signIn({ url, certificateAuthorities, serverName: "ldap.example.test" }), user)
        }
      }
    })
  )

  it.live("F93 any certificate passes only with insecureSkipVerify", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start({ certificate: { names: "DNS:ldap.example.test", expired: true } })
      for (const url of [slapd.ldap, slapd.ldaps]) {
        yield* unavailable(signIn({ url }))
        assert.deepStrictEqual(yield* signIn({ url, insecureSkipVerify: true }), user)
      }
    })
  )

  it.live("F42 a server without TLS 1.2", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start({ global: ["TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"] })
      for (const url of [slapd.ldap, slapd.ldaps]) {
        const attempt = signIn({ url, certificateAuthorities: [slapd.authority], deadline: "3 seconds" })
        assert.match(yield* unavailable(attempt), /UNSUPPORTED_PROTOCOL/)
      }
    })
  )

  it.live("F41 a real directory without TLS refuses StartTLS", () =>
    Effect.gen(function* () {
      const slapd = yield* Slapd.start({ tls: false })
      assert.match(yield* unavailable(signIn({ url: slapd.ldap })), /StartTLS: result code 2/)
    })
  )

  it.live("F38 a directory that has stopped", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(Slapd.start())
      assert.match(
        yield* unavailable(signIn({ url: gone.ldaps, certificateAuthorities: [gone.authority] })),
        /ECONNREFUSED/
      )
    })
  )
})
