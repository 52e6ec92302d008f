/** `GET /auth_token`: verifies credentials and issues a token. */
import { Authentication, type LoginAttempts } from "@gitlab-registry-usage/core"
import { Cause, DateTime, Effect, Exit, Fiber, Option, Redacted, Result } from "effect"
import * as Metrics from "../../Metrics.ts"
import { json, type Request } from "../wire/Message.ts"
import { Problem, unauthorized, unavailable } from "../wire/Problem.ts"
import { isForwarded } from "../wire/TrustedProxies.ts"

const challenge = 'Basic realm="GitLab Registry Usage", charset="UTF-8"'

/** The response to wrong credentials is always the same. */
const refused = unauthorized(challenge, "the user name or the password is wrong, or the user may not sign in")

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The credentials of a `Basic` authorization (RFC 7617): base64 of UTF-8, split at the first colon. */
export const credentialsOf = (
  authorization: string | undefined
): Result.Result<Authentication.Credentials, Problem> => {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? "")?.[1]
  if (encoded === undefined) return Result.fail(refused)
  return Result.flatMap(
    Result.try({
      try: () => utf8.decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))),
      catch: () => refused
    }),
    (text) => {
      const colon = text.indexOf(":")
      return colon < 0
        ? Result.fail(refused)
        : Result.succeed({ username: text.slice(0, colon), password: Redacted.make(text.slice(colon + 1)) })
    }
  )
}

const tooMany = (retryAfter: number) =>
  new Problem({
    status: 429,
    title: "Too Many Requests",
    detail: "too many sign-ins failed; try again later",
    headers: { "retry-after": String(retryAfter) }
  })

const verified = Effect.fnUntraced(function* (
  credentials: Authentication.Credentials,
  found: LoginAttempts.Allowed["found"]
) {
  const directory = yield* Authentication.Directory
  const admit = Effect.fnUntraced(function* (entry: string) {
    const limited = yield* found(entry)
    if (limited !== undefined) return yield* tooMany(limited.retryAfter)
  })
  return yield* directory.verify(credentials, admit).pipe(
    Effect.catchReason("DirectoryError", "DirectoryUnavailable", ({ detail }) =>
      Effect.andThen(
        Effect.logError(`a sign-in could not be verified: ${detail}`),
        Effect.fail(unavailable("sign-ins cannot be verified for now; try again later", 10))
      )
    ),
    Effect.catchTag("DirectoryError", () => Effect.fail(refused))
  )
})

const outcomeOf = (exit: Exit.Exit<unknown, Problem>): LoginAttempts.Outcome =>
  Exit.isSuccess(exit)
    ? "accepted"
    : Option.exists(Cause.findErrorOption(exit.cause), ({ status }) => status === 401)
      ? "refused"
      : "unknown"

/** From how many addresses a proxy that is not trusted is logged. */
const maximumWarnings = 10

/** Logs, once for each address, that what it says about its clients is not believed. */
const warnOfProxies = () => {
  const warned = new Set<string>()
  return ({ address, headers, peer }: Request) =>
    Effect.suspend(() => {
      if (!isForwarded(headers) || address !== peer || warned.has(peer) || warned.size >= maximumWarnings) {
        return Effect.void
      }
      warned.add(peer)
      return Effect.logWarning(
        `sign-ins come from ${peer} with X-Forwarded-For or Forwarded, which is not used, as the address is not in ` +
          "trusted_proxies or the header names none: all clients behind it count as one. If it is your reverse proxy, " +
          "add it to trusted_proxies in [general]"
      )
    })
}

/** Counts the pauses that began, and logs that of an address. */
const report = ({ address, peer }: Request, pauses: ReadonlySet<LoginAttempts.Pause>) =>
  Effect.forEach(pauses, (of) =>
    Effect.andThen(
      Metrics.count(Metrics.authPauses, { of }),
      of === "user"
        ? Effect.void
        : Effect.logWarning(
            `too many sign-ins from ${address} were refused: others from there are refused for login_window of [ldap]` +
              (address === peer
                ? ". If it is your reverse proxy, have it send X-Forwarded-For, and add it to trusted_proxies in [general]"
                : "")
          )
    )
  )

const results = { 401: "refused", 429: "limited", 503: "unavailable" } as const satisfies Record<
  number,
  Metrics.AuthResult
>

/**
 * Verifies the credentials and issues a token. Fails with 401 for refused credentials, with 429 after too many refused
 * attempts, and with 503 if the directory does not respond.
 */
export const login = (limiter: LoginAttempts.LoginAttempts["Service"]) => {
  const warn = warnOfProxies()
  return Effect.fn("Login.login")(
    function* (request: Request) {
      const tokens = yield* Authentication.Tokens
      const credentials = yield* Effect.fromResult(credentialsOf(request.headers.authorization))
      yield* warn(request)
      const principal = yield* Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const verdict = yield* limiter.attempt(credentials.username, request.address)
          if (verdict._tag === "Limited") return yield* tooMany(verdict.retryAfter)
          // It goes on without its client, so that its outcome is counted.
          const verifying = yield* Effect.interruptible(verified(credentials, verdict.found)).pipe(
            Effect.onExit((exit) =>
              Effect.flatMap(verdict.settle(outcomeOf(exit)), (pauses) => report(request, pauses))
            ),
            Effect.forkDetach
          )
          return yield* restore(Fiber.join(verifying))
        })
      )
      request.note.user = principal.username
      const { token, expiresAt } = yield* tokens.issue(principal)
      return json({ auth_token: Redacted.value(token), expires_at: DateTime.toEpochMillis(expiresAt) / 1000 })
    },
    Effect.tap(() => Metrics.count(Metrics.authAttempts, { result: "accepted" })),
    Effect.tapErrorTag("Problem", ({ status }) =>
      Metrics.count(Metrics.authAttempts, { result: results[status as keyof typeof results] ?? "refused" })
    )
  )
}
