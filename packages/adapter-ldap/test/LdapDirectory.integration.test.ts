import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { DirectoryTest } from "@gitlab-registry-usage/core/conformance"
import { Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { describe } from "@effect/vitest"
import { Effect, Layer } from "effect"

const directory = (options: (slapd: Slapd.Slapd["Service"]) => Omit<LdapDirectory.Options, "baseDn" | "group">) =>
  Layer.unwrap(
    Effect.map(Slapd.Slapd, (slapd) =>
      LdapDirectory.layer({
        baseDn: Slapd.baseDn,
        group: { _tag: "PrimaryGroup", gids: [Slapd.gidNumber] },
        refusalTime: 0,
        ...options(slapd)
      })
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
})
