import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted, Result } from "effect"

const good: LdapDirectory.Options = {
  url: "ldaps://ldap.example.test",
  baseDn: "dc=example,dc=test",
  group: { _tag: "PrimaryGroup", gids: [2000] }
}

const problems = (options: Partial<LdapDirectory.Options>): ReadonlyArray<string> => {
  const result = LdapDirectory.validate({ ...good, ...options })
  return Result.isFailure(result) ? result.failure.problems.map(({ message, option }) => `${option}: ${message}`) : []
}

const messagesOf = (options: LdapDirectory.Options) =>
  Effect.gen(function* () {
    const messages: Array<string> = []
    const logger = Logger.make(({ message }) => void messages.push(String(message)))
    yield* LdapDirectory.make(options).pipe(Effect.provide(Logger.layer([logger])))
    return messages
  })

describe("Options", () => {
  it("accepts valid options", () => {
    assert.isEmpty(problems({}))
    for (const url of ["ldap://localhost", "ldap://127.0.0.1:3890/", "LDAPS://[::1]:636"])
      assert.isEmpty(problems({ url }))
    assert.isEmpty(problems({ group: { _tag: "Anyone" } }))
    assert.isEmpty(problems({ group: { _tag: "PosixGroup", gids: [1, 2], memberAttribute: "memberUid" } }))
    assert.isEmpty(problems({ group: { _tag: "MemberOf", groups: ["cn=a,dc=test"] }, usernameAttribute: "2.5.4.3" }))
  })

  it("uses StartTLS over ldap://, and plaintext only with insecurePlaintext", () => {
    const transport = (options: Partial<LdapDirectory.Options>) =>
      Result.getOrThrow(LdapDirectory.validate({ ...good, ...options })).transport
    assert.strictEqual(transport({}), "tls")
    assert.strictEqual(transport({ url: "ldap://localhost" }), "startTls")
    assert.strictEqual(transport({ url: "ldap://localhost", insecurePlaintext: false }), "startTls")
    assert.strictEqual(transport({ url: "ldap://localhost", insecurePlaintext: true }), "plaintext")
  })

  it.each([1.5, Number.NaN, -1, 2 ** 32, Infinity])("F36 refuses the group id %s", (gid) => {
    assert.match(problems({ group: { _tag: "PrimaryGroup", gids: [2000, gid] } }).join(), /group id/)
    assert.match(problems({ group: { _tag: "PosixGroup", gids: [gid] } }).join(), /group id/)
  })

  it("F36 refuses a rule without a group", () => {
    assert.lengthOf(problems({ group: { _tag: "PrimaryGroup", gids: [] } }), 1)
    assert.lengthOf(problems({ group: { _tag: "MemberOf", groups: [] } }), 1)
  })

  it.each([
    { url: "" },
    { url: "http://localhost" },
    { url: "ldap://" },
    { url: "ldaps://user:pass@localhost" },
    { url: "ldaps://localhost/dc=test" },
    { baseDn: "" },
    { baseDn: "PLAIN" },
    { usernameAttribute: "uid)(objectClass=*" },
    { service: { dn: "", password: Redacted.make("x") } },
    { service: { dn: "cn=service", password: Redacted.make(" ") } },
    { certificateAuthorities: [] },
    { certificateAuthorities: ["/etc/ssl/ca.pem"] },
    { certificateAuthorities: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] },
    { deadline: 0 },
    { deadline: Infinity },
    { maxConnections: 0 },
    { insecurePlaintext: true },
    { url: "ldap://localhost", insecurePlaintext: true, insecureSkipVerify: true }
  ] satisfies ReadonlyArray<Partial<LdapDirectory.Options>>)("has one problem with %o", (options) => {
    assert.lengthOf(problems(options), 1)
  })

  it.effect("reports all problems at once, each with its option and without a password", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        LdapDirectory.make({
          url: "ldaps://user:canary@localhost",
          baseDn: "canary",
          group: { _tag: "PrimaryGroup", gids: [1.5] },
          service: { dn: "x", password: Redacted.make("canary") },
          deadline: -1
        })
      )
      assert.deepStrictEqual(
        error.problems.map(({ option }) => option),
        ["url", "baseDn", "group.gids", "service.dn", "deadline"]
      )
      assert.notInclude(`${error.message}${JSON.stringify(error)}`, "canary")
    })
  )

  it.effect("F93 warns of plaintext and of unchecked certificates at each start, and of nothing else", () =>
    Effect.gen(function* () {
      assert.isEmpty(yield* messagesOf(good))
      assert.isEmpty(yield* messagesOf({ ...good, url: "ldap://localhost" }))
      for (let start = 0; start < 2; start++) {
        const plaintext = yield* messagesOf({ ...good, url: "ldap://localhost", insecurePlaintext: true })
        assert.lengthOf(plaintext, 1)
        assert.match(plaintext[0]!, /insecurePlaintext/)
        const unchecked = yield* messagesOf({ ...good, insecureSkipVerify: true })
        assert.lengthOf(unchecked, 1)
        assert.match(unchecked[0]!, /insecureSkipVerify/)
      }
    })
  )
})
