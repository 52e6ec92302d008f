/**
 * The credentials of the registry's user, and when not to use them.
 *
 * GitLab bans an address for an hour after 30 refused logins within three minutes. So one login runs at a time, and
 * after a refusal none runs for a while: further callers get the same refusal without a request.
 */
import { Registry, Secret } from "@gitlab-registry-usage/core"
import { Clock, Duration, Effect, Equal, Redacted, Semaphore } from "effect"
import { Base64 } from "effect/encoding"
import type { HttpResponse } from "../transport/HttpResponse.ts"

/** A user, deploy token or access token. */
export interface Account {
  readonly username: string
  /** Password or token. */
  readonly token: Secret.Secret
}

/** How long a refusal is remembered. */
const refusalMemory = Duration.toMillis("5 minutes")

/** How long an outage is remembered, so that logins in the queue do not each wait for it. */
const outageMemory = Duration.toMillis("5 seconds")

/** How long a failure of a login is remembered, by its reason. */
const memory: { readonly [Reason in Registry.RegistryReason["_tag"]]?: number } = {
  Unauthorized: refusalMemory,
  Unreachable: outageMemory,
  RateLimited: outageMemory
}

export type Credentials = Effect.Success<ReturnType<typeof make>>

export const make = Effect.fnUntraced(function* (account: Account | undefined) {
  const semaphore = yield* Semaphore.make(1)
  let failed: { readonly until: number; readonly reason: Registry.RegistryReason } | undefined
  let isAccepted = false
  let token = account === undefined ? undefined : yield* Secret.current(account.token)
  const basicOf = () =>
    account === undefined || token === undefined
      ? undefined
      : Redacted.make(`Basic ${Base64.encode(`${account.username}:${Redacted.value(token)}`)}`)
  let basic = basicOf()

  /** Takes a token that was replaced. What is known of the former one does not apply to it. */
  const renew = Effect.gen(function* () {
    if (account === undefined) return
    const now = yield* Secret.current(account.token)
    if (Equal.equals(now, token)) return
    token = now
    basic = basicOf()
    failed = undefined
    isAccepted = false
  })

  /** Fails with the last failure while it is remembered. */
  const check = Effect.flatMap(Effect.andThen(renew, Clock.currentTimeMillis), (now) =>
    failed !== undefined && now < failed.until ? Effect.fail(failed.reason) : Effect.void
  )
  const remember = (reason: Registry.RegistryReason) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      failed = { until: now + (memory[reason._tag] ?? 0), reason }
    })

  return {
    /** Value of an `Authorization` header, `undefined` where there are no credentials. */
    get basic() {
      return basic
    },
    /** The token; `undefined` where there are no credentials. */
    get token() {
      return token
    },
    check,
    /** A login has succeeded. */
    accept: () => {
      isAccepted = true
    },
    /** The reason of a login that `from` answered with `status`. */
    refused: ({ from, status }: HttpResponse) =>
      new Registry.Unauthorized({
        status,
        detail:
          account === undefined
            ? `${from} answered ${status}: it gives nobody access without credentials`
            : isAccepted
              ? `${from} answered ${status}: the credentials, which were accepted before, are not accepted any more`
              : `${from} refused the credentials with ${status}`
      }),
    /** Runs a login after those before it, unless the last one failed shortly before. */
    login: <A>(login: Effect.Effect<A, Registry.RegistryReason>) =>
      semaphore.withPermits(1)(Effect.andThen(check, Effect.tapError(login, remember)))
  }
})
