import { inspect } from "node:util"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { DirectoryTest } from "@gitlab-registry-usage/core/conformance"
import { Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { assert, describe, layer } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, Redacted, Schema, Tracer } from "effect"
import { Attribute, Change, Client } from "ldapts"
import * as RefusalClock from "./RefusalClock.ts"
import { refused, signIn, unavailable } from "./SignIn.ts"

const primaryGroup: LdapDirectory.GroupRule = { _tag: "PrimaryGroup", gids: [Slapd.gidNumber] }

const directory = (options: (slapd: Slapd.Slapd["Service"]) => Partial<LdapDirectory.Options> & { url: string }) =>
  Layer.unwrap(
    Effect.map(Slapd.Slapd, (slapd) =>
      LdapDirectory.layer({ baseDn: Slapd.baseDn, group: primaryGroup, refusalTime: 0, ...options(slapd) })
    )
  ).pipe(Layer.provide(Slapd.layer()))

const fixtures: DirectoryTest.Fixtures = {
  accepted: [
    { username: "alice", password: "alice-secret", spellings: ["ALICE", "Alice", " alice "] },
    { username: "zoe", password: "zoë-pass:word" },
    { username: "paren(s)", password: "paren-secret", spellings: ["Paren(S)"] },
    { username: "back\\slash", password: "back-secret" },
    { username: "ünal", password: "ünal-secret", spellings: ["ÜNAL", "u\u0308nal"] },
    { username: "anna", password: "anna-secret" },
    { username: "anna.schmidt", password: "anna-secret" }
  ],
  refused: [
    { username: "mallory", password: "mallory-secret" },
    { username: "supplementary", password: "supplementary-secret" },
    { username: "twin", password: "twin-secret" }
  ]
}

/** Options for the running slapd, over ldaps. */
const options = Effect.map(Slapd.Slapd, ({ ldaps, authority }) => ({
  url: ldaps,
  certificateAuthorities: [authority],
  baseDn: Slapd.baseDn,
  group: primaryGroup,
  refusalTime: 0
}))

const attempt = (username: string, password: string, more: Partial<LdapDirectory.Options> = {}) =>
  Effect.flatMap(options, (options) => signIn({ ...options, ...more }, username, password))

const inspected = (value: unknown) => inspect(value, { depth: 8 })

const setPassword = (url: string, dn: string, password: string) =>
  Effect.promise(async () => {
    const client = new Client({ url })
    await client.bind(Slapd.administrator.dn, Slapd.administrator.password)
    const modification = new Attribute({ type: "userPassword", values: [password] })
    await client.modify(dn, new Change({ operation: "replace", modification }))
    await client.unbind()
  })

describe.skipIf(Servers.leftOut("slapd"))("slapd", () => {
  DirectoryTest.suite(
    "ldaps",
    directory(({ ldaps, authority }) => ({ url: ldaps, certificateAuthorities: [authority] })),
    fixtures
  )
  DirectoryTest.suite(
    "StartTLS",
    directory(({ ldap, authority }) => ({ url: ldap, certificateAuthorities: [authority] })),
    fixtures
  )
  DirectoryTest.suite(
    "plaintext",
    directory(({ ldap }) => ({ url: ldap, insecurePlaintext: true })),
    fixtures
  )
  DirectoryTest.suite(
    "with a service account",
    directory(({ ldaps, authority }) => ({
      url: ldaps,
      certificateAuthorities: [authority],
      service: { dn: Slapd.service.dn, password: Redacted.make(Slapd.service.password) }
    })),
    fixtures
  )
  DirectoryTest.suite(
    "posix groups",
    directory(({ ldaps, authority }) => ({
      url: ldaps,
      certificateAuthorities: [authority],
      group: { _tag: "PosixGroup", gids: [Slapd.gidNumber, 4000] }
    })),
    {
      accepted: [...fixtures.accepted, { username: "supplementary", password: "supplementary-secret" }],
      refused: [{ username: "mallory", password: "mallory-secret" }]
    }
  )
  DirectoryTest.suite(
    "memberOf",
    directory(({ ldaps, authority }) => ({
      url: ldaps,
      certificateAuthorities: [authority],
      group: { _tag: "MemberOf", groups: ["cn=other,dc=test", Slapd.groupDn] }
    })),
    {
      accepted: [
        { username: "alice", password: "alice-secret" },
        { username: "supplementary", password: "supplementary-secret" }
      ],
      refused: [
        { username: "mallory", password: "mallory-secret" },
        { username: "zoe", password: "zoë-pass:word" }
      ]
    }
  )

  layer(Slapd.layer(), { excludeTestServices: true })((it) => {
    it.effect("F31 a colon in the password, and names of up to 256 bytes", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* attempt("zoe", "zoë-pass:word"), { username: "zoe" })
        yield* refused(attempt("ü".repeat(128), "secret"))
        yield* refused(attempt("alice" + " ".repeat(252), "alice-secret"))
      })
    )

    it.effect("F32 characters that are syntax in filters match literally", () =>
      Effect.gen(function* () {
        for (const [username, password] of [
          ["paren(s)", "paren-secret"],
          ["star*", "star-secret"],
          ["back\\slash", "back-secret"],
          ["back\\2aslash", "hex-secret"],
          ['comma, plus+ "quote" <x>;#=', "comma-secret"],
          ["ünal", "ünal-secret"]
        ] as const) {
          assert.deepStrictEqual(yield* attempt(username, password), { username })
        }
        for (const username of [
          "*",
          "alic*",
          "alice)(uid=alice",
          ")(uid=*",
          "\\2a",
          "back\\5cslash",
          "alice\0",
          "*)(|(uid=*"
        ]) {
          for (const password of ["alice-secret", "back-secret"]) yield* refused(attempt(username, password))
        }
        for (const username of ["mallory)(gidNumber=2000))(|(uid=mallory", "mallory)(|(uid=mallory)"]) {
          yield* refused(attempt(username, "mallory-secret"))
        }
      })
    )

    // Pieces of filters and names, so that the generated ones come near to real ones.
    const pieces = [
      "alice",
      "ALICE",
      "mallory",
      "star",
      "*",
      "(",
      ")",
      "\\",
      "2a",
      "uid=",
      "|",
      "&",
      "!",
      "\0",
      "ü",
      " ",
      ","
    ]
    const composed = Schema.Array(Schema.Literals(pieces)).check(Schema.isMaxLength(6))
    const signedIn = new Set<string>()
    it.effect.prop(
      "F32 with alice's password, no user name signs in anybody but alice",
      [Schema.String, composed],
      ([text, parts]) =>
        Effect.gen(function* () {
          for (const typed of [text, parts.join("")]) {
            // How slapd compares user names: in no case, without outer spaces (RFC 4518).
            const isAlice = typed.trim().toLowerCase() === "alice"
            const exit = yield* Effect.result(attempt(typed, "alice-secret"))
            if (exit._tag === "Success") {
              assert.deepStrictEqual(exit.success, { username: "alice" })
              assert.isTrue(isAlice, JSON.stringify(typed))
              signedIn.add(typed)
            } else {
              assert.strictEqual(exit.failure._tag, "DirectoryError")
              assert.isFalse(isAlice, JSON.stringify(typed))
              yield* refused(Effect.fail(exit.failure))
            }
          }
        }),
      { arbitrary: { runs: 500 }, timeout: 60_000 }
    )
    it("F32 some of the names signed in alice", () => assert.isNotEmpty([...signedIn]))

    it.effect("F33 two entries with the same name cannot sign in, unless only one is in the group", () =>
      Effect.gen(function* () {
        yield* refused(attempt("twin", "twin-secret"))
        assert.deepStrictEqual(yield* attempt("half-twin", "half-secret"), { username: "half-twin" })
        yield* refused(attempt("half-twin", "other-secret"))
        yield* refused(attempt("half-twin", "half-secret", { group: { _tag: "PosixGroup", gids: [Slapd.gidNumber] } }))
        yield* refused(attempt("half-twin", "half-secret", { group: { _tag: "Anyone" } }))
      })
    )

    it.effect("F34 a wrong group gives the same error as a wrong password", () =>
      Effect.gen(function* () {
        const errors = yield* Effect.all([
          Effect.flip(attempt("mallory", "mallory-secret")),
          Effect.flip(attempt("alice", "wrong")),
          Effect.flip(attempt("nobody", "wrong"))
        ])
        assert.lengthOf(new Set(errors.map((error) => JSON.stringify(error) + error.message)), 1)
        assert.deepStrictEqual(yield* attempt("mallory", "mallory-secret", { group: { _tag: "Anyone" } }), {
          username: "mallory"
        })
      })
    )

    it.effect("F35 a refusal takes the same time whatever its reason", () =>
      Effect.gen(function* () {
        const { clock, now } = yield* RefusalClock.make
        for (const [username, password] of [
          ["alice", "wrong"],
          ["nobody", "wrong"],
          ["mallory", "wrong"],
          ["mallory", "mallory-secret"],
          ["twin", "wrong"],
          ["*)(uid=*", "wrong"]
        ] as const) {
          const begin = now()
          const { refusalTime } = RefusalClock
          yield* refused(attempt(username, password, { refusalTime })).pipe(Effect.provideService(Clock.Clock, clock))
          assert.strictEqual(now() - begin, refusalTime, username)
        }
      }).pipe(Effect.provide(Logger.layer([])))
    )

    it.effect("F37 a member that only the group lists signs in by the rules PosixGroup and MemberOf", () =>
      Effect.gen(function* () {
        const asMember = (group: LdapDirectory.GroupRule) => attempt("Supplementary", "supplementary-secret", { group })
        yield* refused(asMember(primaryGroup))
        const username = "supplementary"
        assert.deepStrictEqual(yield* asMember({ _tag: "PosixGroup", gids: [Slapd.gidNumber] }), { username })
        assert.deepStrictEqual(yield* asMember({ _tag: "MemberOf", groups: [Slapd.groupDn] }), { username })
        yield* refused(asMember({ _tag: "PosixGroup", gids: [4000] }))
        yield* refused(asMember({ _tag: "PosixGroup", gids: [Slapd.gidNumber], baseDn: `ou=people,${Slapd.baseDn}` }))
      })
    )

    it.effect("F46 a service account that cannot bind is not the user's fault", () =>
      Effect.gen(function* () {
        for (const dn of [Slapd.service.dn, `cn=nobody,${Slapd.baseDn}`]) {
          const service = { dn, password: Redacted.make("wrong-service-password") }
          const detail = yield* unavailable(attempt("alice", "alice-secret", { service }))
          assert.match(detail, /service account: result code 49/)
          assert.notInclude(detail, "wrong-service-password")
        }
      })
    )

    it.effect("a base that does not exist is a failure of the directory", () =>
      Effect.gen(function* () {
        assert.match(
          yield* unavailable(attempt("alice", "alice-secret", { baseDn: "ou=none,dc=example,dc=test" })),
          /32/
        )
        assert.match(yield* unavailable(attempt("alice", "alice-secret", { baseDn: "o=elsewhere" })), /32/)
      })
    )

    it.effect("F52 500 sign-ins at once all succeed", () =>
      Effect.gen(function* () {
        const one = yield* LdapDirectory.make(yield* options)
        const verify = one.verify({ username: "alice", password: Redacted.make("alice-secret") })
        const found = yield* Effect.forEach(Array.from({ length: 500 }), () => verify, { concurrency: "unbounded" })
        assert.lengthOf(found, 500)
      })
    )

    it.effect("F53 a changed password counts at once", () =>
      Effect.gen(function* () {
        const { ldap } = yield* Slapd.Slapd
        const dn = `uid=zoe,ou=people,${Slapd.baseDn}`
        const one = yield* LdapDirectory.make(yield* options)
        const verify = (password: string) => one.verify({ username: "zoe", password: Redacted.make(password) })
        yield* verify("zoë-pass:word")
        yield* setPassword(ldap, dn, "changed")
        yield* refused(verify("zoë-pass:word"))
        assert.deepStrictEqual(yield* verify("changed"), { username: "zoe" })
        yield* setPassword(ldap, dn, "zoë-pass:word")
        yield* refused(verify("changed"))
      })
    )

    it.effect("F54 no password in any log, span or error", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const logger = Logger.make((entry) => void seen.push(Logger.formatJson.log(entry)))
        const tracer = Tracer.make({
          span(options) {
            const span = new Tracer.NativeSpan(options)
            seen.push(span.name, span.attributes, span)
            return span
          }
        })
        const service = { dn: Slapd.service.dn, password: Redacted.make("canary-service") }
        yield* Effect.gen(function* () {
          for (const [username, password, more] of [
            ["alice", "canary-password", {}],
            ["twin", "canary-password", {}],
            ["alice", "canary-password", { service }],
            ["alice", "canary-password", { url: "ldap://127.0.0.1:1" }],
            ["alice", "canary-password", { certificateAuthorities: undefined }]
          ] as const) {
            const exit = yield* Effect.exit(attempt(username, password, more))
            assert.strictEqual(exit._tag, "Failure")
            yield* Effect.logError("failed", exit)
            seen.push(String(exit), JSON.stringify(exit))
          }
        }).pipe(Effect.provide(Logger.layer([logger])), Effect.withTracer(tracer))
        assert.isAbove(seen.length, 15)
        const text = seen.map((item) => (typeof item === "string" ? item : inspected(item))).join("\n")
        assert.include(text, "Directory.verify")
        assert.notInclude(text, "canary")
      })
    )
  })

  layer(Slapd.layer({ global: ["idletimeout 1"] }), { excludeTestServices: true })((it) => {
    it.effect("F48 a directory that closes idle connections does not disturb the next sign-in", () =>
      Effect.gen(function* () {
        const one = yield* LdapDirectory.make(yield* options)
        const verify = one.verify({ username: "alice", password: Redacted.make("alice-secret") })
        yield* verify
        yield* Effect.sleep("2500 millis")
        assert.deepStrictEqual(yield* verify, { username: "alice" })
      })
    )
  })

  layer(Slapd.layer({ database: ['access to * by dn.exact="cn=service,dc=example,dc=test" read by anonymous auth'] }), {
    excludeTestServices: true
  })((it) => {
    it.effect("if only the service account may search, nobody signs in without it", () =>
      Effect.gen(function* () {
        yield* Effect.flip(attempt("alice", "alice-secret"))
        const service = { dn: Slapd.service.dn, password: Redacted.make(Slapd.service.password) }
        assert.deepStrictEqual(yield* attempt("alice", "alice-secret", { service }), { username: "alice" })
      })
    )
  })

  layer(Slapd.layer({ global: ["security simple_bind=56"] }), { excludeTestServices: true })((it) => {
    it.effect("F45 a directory that requires TLS for passwords is not the user's fault", () =>
      Effect.gen(function* () {
        const { ldap } = yield* Slapd.Slapd
        const detail = yield* unavailable(
          attempt("alice", "alice-secret", {
            url: ldap,
            certificateAuthorities: undefined,
            insecurePlaintext: true
          })
        )
        assert.strictEqual(detail, "bind: result code 13")
        assert.deepStrictEqual(yield* attempt("alice", "alice-secret"), { username: "alice" })
      })
    )
  })

  layer(Slapd.layer({ global: ["referral ldap://127.0.0.1:1/"] }), { excludeTestServices: true })((it) => {
    it.effect("F44 a referral to another directory is not followed", () =>
      Effect.gen(function* () {
        assert.match(yield* unavailable(attempt("alice", "alice-secret", { baseDn: "o=elsewhere" })), /result code 10/)
      })
    )
  })
})
