/** `GET /auth_token`: verifies credentials and issues a token. */
import { Authentication, type LoginAttempts } from "@gitlab-registry-usage/core"
import { Cause, DateTime, Effect, Exit, Option, Redacted, Result } from "effect"
import * as Metrics from "../../Metrics.ts"
import { json, type Request } from "../wire/Message.ts"
import { Problem, unauthorized, unavailable } from "../wire/Problem.ts"

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

const verified = Effect.fnUntraced(function* (credentials: Authentication.Credentials) {
  const directory = yield* Authentication.Directory
  return yield* directory.verify(credentials).pipe(
    Effect.catchReason("DirectoryError", "DirectoryUnavailable", ({ detail }) =>
      Effect.andThen(
        Effect.logError(`a sign-in could not be verified: ${detail}`),
        Effect.fail(unavailable("sign-ins cannot be verified for now; try again later", 10))
      )
    ),
    Effect.catchTag("DirectoryError", () => Effect.fail(refused))
  )
})

const results = { 401: "refused", 429: "limited", 503: "unavailable" } as const satisfies Record<
  number,
  Metrics.AuthResult
>

/**
 * Verifies the credentials and issues a token. Fails with 401 for refused credentials, with 429 after too many refused
 * attempts, and with 503 if the directory does not respond.
 */
export const login = (limiter: LoginAttempts.LoginAttempts["Service"]) =>
  Effect.fn("Login.login")(
    function* (request: Request) {
      const tokens = yield* Authentication.Tokens
      const credentials = yield* Effect.fromResult(credentialsOf(request.headers.authorization))
      const verdict = yield* limiter.attempt(credentials.username, request.address)
      if (verdict._tag === "Limited") return yield* tooMany(verdict.retryAfter)
      const principal = yield* verified(credentials).pipe(
        Effect.onExit((exit) =>
          verdict.settle(
            Exit.isSuccess(exit)
              ? "accepted"
              : Option.exists(Cause.findErrorOption(exit.cause), ({ status }) => status === 401)
                ? "refused"
                : "unknown"
          )
        )
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
