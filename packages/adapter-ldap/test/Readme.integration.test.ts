import { readFileSync } from "node:fs"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Directory, signIn } from "./example.ts"

describe.skipIf(Servers.leftOut("slapd"))("README", () => {
  it.live("the example works", () =>
    Effect.gen(function* () {
      const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
      assert.include(read("../README.md"), read("./example.ts"))
      // The options are good, though the directory of the example is not there.
      yield* Effect.scoped(Layer.build(Directory))
      const { ldaps, authority } = yield* Slapd.start()
      const here = LdapDirectory.layer({
        url: ldaps,
        certificateAuthorities: [authority],
        baseDn: Slapd.baseDn,
        group: { _tag: "PrimaryGroup", gids: [Slapd.gidNumber] }
      })
      assert.strictEqual(yield* signIn("Alice", "alice-secret").pipe(Effect.provide(here)), "hello alice")
      assert.strictEqual(yield* signIn("alice", "wrong").pipe(Effect.provide(here)), "wrong user name or password")
    })
  )
})
