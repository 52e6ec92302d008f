/**
 * What every adapter of the `Directory` port does.
 *
 * @since 0.1.0
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, type Layer, Redacted } from "effect"
import { Directory } from "../auth/Authentication.ts"

/**
 * What the directory under test holds. `username` of `accepted` is the directory's own spelling; `spellings` are others
 * that it takes for the same user.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fixtures {
  readonly accepted: ReadonlyArray<{
    readonly username: string
    readonly password: string
    readonly spellings?: ReadonlyArray<string> | undefined
  }>
  /** Users whose password is right, but who may not sign in. */
  readonly refused: ReadonlyArray<{ readonly username: string; readonly password: string }>
}

const verify = (username: string, password: string) =>
  Effect.flatMap(Directory, (directory) => directory.verify({ username, password: Redacted.make(password) }))

const refusal = (username: string, password: string) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(verify(username, password))
    assert.strictEqual(error.reason._tag, "InvalidCredentials", `${JSON.stringify(username)}: ${error.message}`)
    return error
  })

/**
 * Declares the tests of an adapter. They run with the live clock.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<Directory, E>, fixtures: Fixtures): void => {
  withLayer(layer, { excludeTestServices: true })(`Directory: ${name}`, (it) => {
    const check = (title: string, test: () => Effect.fn.Return<void, unknown, Directory>) =>
      it.effect(title, Effect.fnUntraced(test))

    check("accepts the right password and returns the directory's own spelling", function* () {
      assert.isNotEmpty(fixtures.accepted)
      for (const { username, password, spellings = [] } of fixtures.accepted) {
        for (const typed of [username, ...spellings]) {
          assert.deepStrictEqual(yield* verify(typed, password), { username })
        }
      }
    })

    check("refuses a wrong password", function* () {
      for (const { username, password } of fixtures.accepted) {
        yield* refusal(username, `${password}x`)
        yield* refusal(username, password.slice(0, -1))
        yield* refusal(username, password.toUpperCase())
      }
    })

    check("refuses an empty or blank password", function* () {
      for (const { username } of fixtures.accepted) {
        for (const password of ["", " ", "\t\n", "\u00a0\u2003"]) yield* refusal(username, password)
      }
    })

    check("refuses an empty or blank user name", function* () {
      for (const { password } of fixtures.accepted) {
        for (const username of ["", " ", "\t\n"]) yield* refusal(username, password)
      }
    })

    check("takes no pattern for a user name", function* () {
      for (const { username, password } of fixtures.accepted) {
        for (const pattern of [
          "*",
          `${username}*`,
          `${username.slice(0, -1)}*`,
          `*)(uid=${username}`,
          `${username})(uid=*`,
          `${username})(|(uid=*`,
          `${username}\0`,
          `${username}\\2a`
        ]) {
          yield* refusal(pattern, password)
        }
      }
    })

    check("refuses an unknown user, a wrong password and a user who may not sign in with the same error", function* () {
      assert.isNotEmpty(fixtures.refused)
      const errors = [yield* refusal("nobody-of-that-name", "secret")]
      for (const { username, password } of fixtures.accepted) errors.push(yield* refusal(username, `${password}x`))
      for (const { username, password } of fixtures.refused) errors.push(yield* refusal(username, password))
      assert.lengthOf(new Set(errors.map((error) => `${error.message} ${JSON.stringify(error)}`)), 1)
    })

    check("reports the entry of a user with several names, before it checks the password", function* () {
      const directory = yield* Directory
      for (const { username, password, spellings = [] } of fixtures.accepted) {
        const entries: Array<string> = []
        const found = (entry: string) => Effect.sync(() => void entries.push(entry))
        for (const typed of [username, ...spellings]) {
          yield* directory.verify({ username: typed, password: Redacted.make(password) }, found)
          yield* Effect.flip(directory.verify({ username: typed, password: Redacted.make(`${password}x`) }, found))
        }
        // With one name for each user the name is counted already.
        if (spellings.length === 0 && entries.length === 0) continue
        assert.lengthOf(entries, 2 * (1 + spellings.length))
        assert.lengthOf(new Set(entries), 1)
        const stopped = directory.verify({ username, password: Redacted.make(password) }, () => Effect.fail("stopped"))
        assert.strictEqual(yield* Effect.flip(stopped), "stopped")
      }
    })

    check("verifies at the same time as well", function* () {
      const many = Array.from({ length: 10 }, () => fixtures.accepted).flat()
      const found = yield* Effect.forEach(many, (user) => verify(user.username, user.password), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        found.map((principal) => principal.username),
        many.map((user) => user.username)
      )
    })
  })
}
