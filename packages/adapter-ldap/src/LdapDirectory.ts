/**
 * The `Directory` port over LDAP (RFC 4511): it searches for the user's entry, then binds to it with the password.
 *
 * @since 0.1.0
 */
import { Authentication, Secret } from "@gitlab-registry-usage/core"
import { Clock, Duration, Effect, Layer, Predicate, Redacted, Semaphore } from "effect"
import * as Connection from "./Connection.ts"
import { classifyBind, describe, invalidCredentials, unavailable } from "./Failure.ts"
import * as Lookup from "./Lookup.ts"
import { type LdapOptionsError, type Options, type Settings, validate } from "./Options.ts"

export type { GroupRule, LdapOptionsError, Options } from "./Options.ts"
export { certificates, isAttribute, isDn, isGid, validate } from "./Options.ts"

const maximumUsernameBytes = 256

/**
 * Whether the credentials can be valid. A bind with an empty password is anonymous and succeeds (RFC 4513, section
 * 5.1.2); directories written in C may treat a password that begins with NUL as empty.
 */
const isPlausible = (username: unknown, password: unknown): boolean =>
  Predicate.isString(username) &&
  Predicate.isString(password) &&
  username.trim() !== "" &&
  password.trim() !== "" &&
  Buffer.byteLength(username) <= maximumUsernameBytes &&
  !username.includes("\0") &&
  !password.includes("\0")

const bindService = (request: Connection.Request, { service }: Settings) =>
  service === undefined
    ? Effect.void
    : Effect.flatMap(Secret.current(service.password), (password) =>
        // A bind without a password would be anonymous and succeed (RFC 4513, section 5.1.2).
        Redacted.value(password) === ""
          ? Effect.fail(new Error("its password is empty"))
          : request((client) => client.bind(service.dn, Redacted.value(password)))
      ).pipe(Effect.mapError((cause) => unavailable(`bind of the service account: ${describe(cause)}`)))

const signIn = Effect.fnUntraced(function* (settings: Settings, username: string, password: Redacted.Redacted) {
  const request = yield* Connection.open(settings)
  yield* bindService(request, settings)
  const found = yield* Lookup.find(request, settings, username)
  yield* request((client) => client.bind(found.dn, Redacted.value(password))).pipe(Effect.mapError(classifyBind))
  if (found.username === undefined) {
    return yield* unavailable(
      `the directory shows no ${settings.usernameAttribute} of the user; let the search read it`
    )
  }
  return { username: found.username }
})

/** Delays a refusal to a fixed time after the start, so that the time does not show what the directory did. */
const evenly =
  (time: Duration.Duration) =>
  <A>(self: Effect.Effect<A, Authentication.DirectoryError>): Effect.Effect<A, Authentication.DirectoryError> =>
    Effect.flatMap(Clock.currentTimeMillis, (begin) =>
      Effect.tapError(self, (error) =>
        error.reason._tag === "InvalidCredentials"
          ? Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(begin + Duration.toMillis(time) - now))
          : Effect.void
      )
    )

const warn = (settings: Settings): Effect.Effect<void> => {
  if (settings.transport === "plaintext") {
    return Effect.logWarning("insecurePlaintext: passwords are sent to the directory without encryption")
  }
  return settings.insecureSkipVerify === true
    ? Effect.logWarning("insecureSkipVerify: the certificate of the directory is not checked, anybody can be it")
    : Effect.void
}

/**
 * The port. Fails with all problems of the options at once. Logs a warning for an insecure option.
 *
 * Each sign-in has its own connection and one deadline, which includes the wait for a free connection. An unreachable or
 * misbehaving directory gives `DirectoryUnavailable`, never `InvalidCredentials`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Authentication.Directory["Service"], LdapOptionsError> {
  const settings = yield* Effect.fromResult(validate(options))
  yield* warn(settings)
  const connections = yield* Semaphore.make(settings.maxConnections)
  return Authentication.Directory.of({
    verify: Effect.fn("Directory.verify")(function* ({ username, password }) {
      if (!isPlausible(username, Redacted.value(password))) return yield* invalidCredentials()
      return yield* signIn(settings, username, password).pipe(
        Effect.scoped,
        connections.withPermit,
        Effect.timeoutOrElse({
          duration: settings.deadline,
          orElse: () => unavailable(`no answer within ${Duration.format(settings.deadline)}`)
        }),
        evenly(settings.refusalTime)
      )
    })
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Authentication.Directory, LdapOptionsError> =>
  Layer.effect(Authentication.Directory, make(options))
