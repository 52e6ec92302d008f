import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ini, load, refusal, written } from "../fixture.ts"

const authority = `-----BEGIN CERTIFICATE-----
MIIBUzCCAQWgAwIBAgIUdvA2SA7PsBL35g8PmvI88jV+qaEwBQYDK2VwMB4xHDAa
BgNVBAMME2F1dGhvcml0eS5zaXRlLnRlc3QwIBcNMjYxMTI0MDI0MTMzWhgPMjEy
NjEwMzEwMjQxMzNaMB4xHDAaBgNVBAMME2F1dGhvcml0eS5zaXRlLnRlc3QwKjAF
BgMrZXADIQAtH0PbdAuPCAy82HLzl0k1YpNDtDmEJsXExTQcOpDzOqNTMFEwHQYD
VR0OBBYEFBJPGU6BOeHQ8YFKMmJ6zSzSn0UsMB8GA1UdIwQYMBaAFBJPGU6BOeHQ
8YFKMmJ6zSzSn0UsMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAHk2ZCw4zYpI0
sNOmdlTYSSPtToiXQ0fYWZ+VKxYTQkKmaiHNqVhoHetYAs3cqfdHhZgOrW4hJHd2
W9ObvuOCBA==
-----END CERTIFICATE-----`

describe("the directory", () => {
  const transports = {
    "a name": [{ host: "a.test" }, "ldaps://a.test"],
    "a name with a port": [{ host: "a.test:10636" }, "ldaps://a.test:10636"],
    "an IPv6 address": [{ host: "[::1]:636" }, "ldaps://[::1]:636"],
    "ldaps://": [{ host: "ldaps://a.test/" }, "ldaps://a.test"],
    "a name and StartTLS": [{ host: "a.test", start_tls: "yes" }, "ldap://a.test"],
    "ldap:// and StartTLS": [{ host: "LDAP://a.test:389", start_tls: "yes" }, "ldap://a.test:389"]
  } as const
  for (const [what, [ldap, url]] of Object.entries(transports)) {
    it.effect(`is reached over TLS at ${what}, without a warning`, () =>
      Effect.gen(function* () {
        const { directory, warnings } = yield* load(ini({ ldap }))
        assert.strictEqual(directory.url, url)
        assert.isUndefined(directory.insecurePlaintext)
        assert.deepStrictEqual(warnings, [])
      })
    )
  }

  it.effect("F93 plaintext needs an explicit switch and causes a warning", () =>
    Effect.gen(function* () {
      assert.include(
        yield* refusal(ini({ ldap: { host: "ldap://a.test" } })),
        "[ldap] host (FILE:2): ldap:// would send"
      )
      const { directory, warnings } = yield* load(ini({ ldap: { host: "ldap://a.test", insecure_plaintext: "yes" } }))
      assert.strictEqual(directory.insecurePlaintext, true)
      assert.match(warnings.join(), /^\[ldap\] insecure_plaintext is on/)
    })
  )

  it.effect("F93 unchecked certificates need an explicit switch and cause a warning", () =>
    Effect.gen(function* () {
      const { directory, warnings } = yield* load(ini({ ldap: { insecure_skip_verify: "yes" } }))
      assert.strictEqual(directory.insecureSkipVerify, true)
      assert.match(warnings.join(), /^\[ldap\] insecure_skip_verify is on/)
    })
  )

  const contradictions = {
    start_tls: { host: "ldaps://a.test", start_tls: "yes" },
    insecure_plaintext: { host: "a.test", insecure_plaintext: "yes" },
    ca_file: { host: "ldap://a.test", insecure_plaintext: "yes", ca_file: "/x" },
    server_name: { host: "ldap://a.test", insecure_plaintext: "yes", server_name: "b.test" },
    insecure_skip_verify: { host: "ldap://a.test", insecure_plaintext: "yes", insecure_skip_verify: "yes" },
    group_dn: { group_rule: "memberOf" },
    gid_attribute: { group_rule: "memberUid", gid_attribute: "" },
    group_base_dn: { group_base_dn: "ou=groups,dc=site" },
    bind_password: { bind_dn: "cn=reader,dc=site" },
    bind_dn: { bind_password: "canary" },
    valid_gid: { group_rule: "memberUid", valid_gid: "00000" }
  }
  for (const [key, ldap] of Object.entries(contradictions)) {
    it.effect(`refuses ${JSON.stringify(ldap)}`, () =>
      Effect.gen(function* () {
        assert.match(
          yield* refusal(ini({ ldap })),
          new RegExp(`^the configuration has one problem:\\n {2}\\[ldap\\] ${key}\\b.*$`)
        )
      })
    )
  }

  it.effect("decodes each group rule", () =>
    Effect.gen(function* () {
      const groupOf = (ldap: Record<string, string>) =>
        Effect.map(load(ini({ ldap })), (config) => config.directory.group)
      assert.deepStrictEqual(yield* groupOf({ group_rule: "memberUID", group_base_dn: "ou=groups,dc=site" }), {
        _tag: "PosixGroup",
        gids: [500],
        attribute: "gidNumber",
        baseDn: "ou=groups,dc=site"
      })
      assert.deepStrictEqual(yield* groupOf({ group_rule: "memberOf", group_dn: "cn=a,dc=site ; cn=b,dc=site" }), {
        _tag: "MemberOf",
        groups: ["cn=a,dc=site", "cn=b,dc=site"]
      })
      assert.deepStrictEqual(yield* groupOf({ group_rule: "none" }), { _tag: "Anyone" })
    })
  )

  it.effect("reads the certificates of authorities, and refuses other files", () =>
    Effect.gen(function* () {
      const path = yield* written(`comment\n${authority}\n${authority}\n`)
      const config = yield* load(ini({ ldap: { ca_file: path }, registry: { ca_file: path } }))
      assert.deepStrictEqual(config.directory.certificateAuthorities, [authority, authority])
      assert.deepStrictEqual(config.registryAuthorities, [authority, authority])
      const broken = yield* written(authority.replace("MIIB", "AAAA"))
      const message = yield* refusal(ini({ ldap: { ca_file: broken }, registry: { ca_file: "/nonexistent" } }))
      assert.include(message, "[ldap] ca_file (FILE:5): the file does not hold certificates in PEM")
      assert.include(message, "[registry] ca_file (FILE:12): the file cannot be read: there is no such file")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
