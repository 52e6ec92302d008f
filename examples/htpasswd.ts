// An authentication adapter: the Directory port over a file that `htpasswd -B` writes.
import { Authentication } from "@gitlab-registry-usage/core"
import { compare, hashSync, truncates } from "bcryptjs"
import { Effect, FileSystem, Layer, Redacted } from "effect"

const invalid = new Authentication.DirectoryError({ reason: new Authentication.InvalidCredentials() })

/** The port's one error; the detail is for the operator's log. */
const unavailable = ({ message }: Error) =>
  new Authentication.DirectoryError({ reason: new Authentication.DirectoryUnavailable({ detail: message }) })

/** The hash for an unknown user, so that the comparison takes as long as for a known one. */
const nobody = hashSync("nobody", 5)

export const make = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  // Read at each sign-in, so that a removed user is refused at once.
  const users = Effect.map(
    fs.readFileString(path),
    (text) =>
      new Map(
        text
          .split(/\r?\n/)
          .filter((line) => /^[^#:]+:\$2[aby]\$/.test(line))
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const)
      )
  )
  return Authentication.Directory.of({
    verify: Effect.fnUntraced(function* ({ password, username }) {
      const typed = Redacted.value(password)
      // bcrypt ignores bytes after the 72nd.
      if (typed.trim() === "" || truncates(typed)) return yield* invalid
      const hash = (yield* Effect.mapError(users, unavailable)).get(username)
      const same = yield* Effect.tryPromise({
        try: () => compare(typed, hash ?? nobody),
        catch: (cause) => unavailable(new Error("bcrypt failed", { cause }))
      })
      return hash !== undefined && same ? { username } : yield* invalid
    })
  })
})

export const layer = (path: string) => Layer.effect(Authentication.Directory, make(path))
