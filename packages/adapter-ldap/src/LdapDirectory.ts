/**
 * The `Directory` port over LDAP (RFC 4511): it searches for the user's entry, then binds to it with the password.
 *
 * @since 0.1.0
 */
import { Authentication, Secret } from "@gitlab-registry-usage/core"
import { Clock, Duration, Effect, Layer, Predicate, Redacted, Ref, Semaphore } from "effect"
import { PasswordPolicyControl } from "ldapts"
import * as Connection from "./Connection.ts"
import { classifyBind, describe, invalidCredentials, isRefusal, unavailable } from "./Failure.ts"
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

/** Set once the log has said that the directory refuses the service account, until it accepts it again. */
type Warned = Ref.Ref<boolean>

const bindService = ({ request }: Connection.Connection, { service }: Settings, warned: Warned) =>
  service === undefined
    ? Effect.void
    : Effect.flatMap(Secret.current(service.password), (password) =>
        // A bind without a password would be anonymous and succeed (RFC 4513, section 5.1.2).
        Redacted.value(password) === ""
          ? Effect.fail(new Error("its password is empty"))
          : request((client) => client.bind(service.dn, Redacted.value(password)))
      ).pipe(
        Effect.tap(() => Ref.set(warned, false)),
        Effect.tapError((cause) =>
          Effect.gen(function* () {
            if (!isRefusal(cause) || (yield* Ref.getAndSet(warned, true))) return
            yield* Effect.logWarning(
              `the directory refuses the account that searches for users, ${service.dn}: nobody can sign in. Check its ` +
                "name and password, and whether it is locked: service.dn and service.password, in the server's " +
                "configuration bind_dn and bind_password"
            )
          })
        ),
        Effect.mapError((cause) => unavailable(`bind of the service account: ${describe(cause)}`))
      )

/** The error changeAfterReset of the password policy (draft-behera-ldap-password-policy-10, section 6.2). */
const changeAfterReset = 2

/** Binds with the user's password. One that the user must change before anything else is refused. */
const bindUser = Effect.fnUntraced(function* (
  { request }: Connection.Connection,
  dn: string,
  password: Redacted.Redacted
) {
  const policy = new PasswordPolicyControl()
  yield* Effect.mapError(
    request((client) => client.bind(dn, Redacted.value(password), policy)),
    classifyBind
  )
  if (policy.value?.error === changeAfterReset) return yield* invalidCredentials()
})

const signIn = Effect.fnUntraced(function* <E>(
  settings: Settings,
  { password, username }: Authentication.Credentials,
  entry: (name: string) => Effect.Effect<void, E>,
  warned: Warned
) {
  const connection = yield* Connection.open(settings)
  yield* bindService(connection, settings, warned)
  const found = yield* Lookup.find(connection, settings, username)
  yield* entry(normalized(found.dn))
  yield* bindUser(connection, found.dn, password)
  if (found.username === undefined) {
    return yield* unavailable(
      `the directory shows no ${settings.usernameAttribute} of the user; let the search read it`
    )
  }
  return { username: found.username }
})

/** A distinguished name without the spaces around its separators (RFC 4514, section 4). */
const normalized = (dn: string): string => dn.replace(/ *(?<!\\)([,+=]) */g, "$1")

/** Delays a refusal to a fixed time after the start, so that the time does not show what the directory did. */
const evenly =
  (time: Duration.Duration) =>
  <A, E>(
    self: Effect.Effect<A, Authentication.DirectoryError | E>
  ): Effect.Effect<A, Authentication.DirectoryError | E> =>
    Effect.flatMap(Clock.currentTimeMillis, (begin) =>
      Effect.tapError(self, (error) =>
        error instanceof Authentication.DirectoryError && error.reason._tag === "InvalidCredentials"
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
  const warned = yield* Ref.make(false)
  const connections = yield* Semaphore.make(settings.maxConnections)
  return Authentication.Directory.of({
    verify: Effect.fn("Directory.verify")(function* <E>(
      credentials: Authentication.Credentials,
      found: (entry: string) => Effect.Effect<void, E> = () => Effect.void
    ) {
      const { password, username } = credentials
      if (!isPlausible(username, Redacted.value(password))) return yield* invalidCredentials()
      return yield* signIn(settings, credentials, found, warned).pipe(
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
