/**
 * The `Directory` port over a list of users in memory.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Redacted } from "effect"
import { type Credentials, Directory, DirectoryError, InvalidCredentials } from "../auth/Authentication.ts"

/**
 * A user of the directory. `maySignIn` is true where it is absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface User {
  readonly username: string
  readonly password: string
  readonly maySignIn?: boolean | undefined
}

/**
 * A directory of the users given. Names are found in any case, as in LDAP; of two that differ in case only, neither can
 * sign in.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (users: Iterable<User>): Directory["Service"] => {
  const all = [...users]
  return Directory.of({
    verify: Effect.fn("Directory.verify")(function* <E>(
      { username, password }: Credentials,
      entry?: (entry: string) => Effect.Effect<void, E>
    ) {
      const found = all.filter((user) => user.username.toLowerCase() === username.toLowerCase())
      const user = found.length === 1 ? found[0] : undefined
      if (user === undefined || user.maySignIn === false || Redacted.value(password).trim() === "") {
        return yield* new DirectoryError({ reason: new InvalidCredentials() })
      }
      if (entry !== undefined) yield* entry(user.username)
      if (Redacted.value(password) !== user.password) {
        return yield* new DirectoryError({ reason: new InvalidCredentials() })
      }
      return { username: user.username }
    })
  })
}

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (users: Iterable<User>): Layer.Layer<Directory> => Layer.sync(Directory, () => make(users))
