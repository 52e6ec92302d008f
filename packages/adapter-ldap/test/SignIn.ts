import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { assert } from "@effect/vitest"
import type { Authentication } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"

/** Signs in with one and the same directory each time it is run. */
export const signInMany = (options: Partial<LdapDirectory.Options> & { readonly url: string }) =>
  Effect.map(
    LdapDirectory.make({ baseDn: "dc=example,dc=test", group: { _tag: "Anyone" }, refusalTime: 0, ...options }),
    (directory) => directory.verify({ username: "alice", password: Redacted.make("alice-secret") })
  )

/** Signs in once, with options for a directory that needs no more than the URL. */
export const signIn = (
  options: Partial<LdapDirectory.Options> & { readonly url: string },
  username = "alice",
  password = "alice-secret"
) =>
  Effect.flatMap(
    LdapDirectory.make({ baseDn: "dc=example,dc=test", group: { _tag: "Anyone" }, refusalTime: 0, ...options }),
    (directory) => directory.verify({ username, password: Redacted.make(password) })
  )

const reason = <A, E, R>(self: Effect.Effect<A, Authentication.DirectoryError | E, R>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(self)
    assert.strictEqual((error as Authentication.DirectoryError)._tag, "DirectoryError", String(error))
    return (error as Authentication.DirectoryError).reason
  })

/** That the credentials were refused. */
export const refused = <A, E, R>(self: Effect.Effect<A, Authentication.DirectoryError | E, R>) =>
  Effect.map(reason(self), (reason) => assert.strictEqual(reason._tag, "InvalidCredentials", JSON.stringify(reason)))

/** Asserts that the directory failed; returns the detail for the operator. */
export const unavailable = <A, E, R>(self: Effect.Effect<A, Authentication.DirectoryError | E, R>) =>
  Effect.map(reason(self), (reason) => {
    assert.strictEqual(reason._tag, "DirectoryUnavailable")
    return reason._tag === "DirectoryUnavailable" ? reason.detail : ""
  })
