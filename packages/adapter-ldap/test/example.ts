import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Authentication } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"

export const signIn = (username: string, password: string) =>
  Effect.gen(function* () {
    const directory = yield* Authentication.Directory
    const principal = yield* directory.verify({ username, password: Redacted.make(password) })
    return `hello ${principal.username}`
  }).pipe(
    Effect.catchReason("DirectoryError", "InvalidCredentials", () => Effect.succeed("wrong user name or password"))
  )

export const Directory = LdapDirectory.layer({
  url: "ldaps://ldap.example.org",
  baseDn: "dc=example,dc=org",
  group: { _tag: "PrimaryGroup", gids: [2000] }
})
