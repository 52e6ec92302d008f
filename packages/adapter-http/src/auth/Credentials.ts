/**
 * The credentials of the registry's user, and when not to use them.
 *
 * GitLab bans an address for an hour after 30 refused logins within three minutes. So only one login is under way at a
 * time, and after a refusal there is none for a while: further callers get the same refusal without a request.
 */
import type { Registry } from "@gitlab-registry-usage/core"
import { Clock, Duration, Effect, Redacted, Semaphore } from "effect"
import { Base64 } from "effect/encoding"

/** A user, deploy token or access token. */
export interface Account {
  readonly username: string
  /** Password or token. */
  readonly token: Redacted.Redacted
}

export interface Credentials {
  /** Value of an `Authorization` header, `undefined` where there are no credentials. */
  readonly basic: Redacted.Redacted | undefined
  /** Fails with the refusal while one is remembered. */
  readonly check: Effect.Effect<void, Registry.RegistryReason>
  /** Runs a login after those before it, unless the last one failed shortly before. */
  readonly login: <A>(login: Effect.Effect<A, Registry.RegistryReason>) => Effect.Effect<A, Registry.RegistryReason>
}

/** How long a refusal is remembered. */
const refusalMemory = Duration.toMillis("5 minutes")

/** How long an outage is remembered, so that logins in the queue do not each wait for it. */
const outageMemory = Duration.toMillis("5 seconds")

const rememberFor = (reason: Registry.RegistryReason): number => {
  switch (reason._tag) {
    case "Unauthorized":
      return refusalMemory
    case "Unreachable":
    case "RateLimited":
      return outageMemory
    default:
      return 0
  }
}

export const make = Effect.fnUntraced(function* (account: Account | undefined): Effect.fn.Return<Credentials> {
  const semaphore = yield* Semaphore.make(1)
  let failed: { readonly until: number; readonly reason: Registry.RegistryReason } | undefined

  const check = Effect.suspend(() =>
    failed === undefined
      ? Effect.void
      : Effect.flatMap(Clock.currentTimeMillis, (now) =>
          failed !== undefined && now < failed.until ? Effect.fail(failed.reason) : Effect.void
        )
  )
  const remember = (reason: Registry.RegistryReason) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      failed = { until: now + rememberFor(reason), reason }
    })

  return {
    basic:
      account === undefined
        ? undefined
        : Redacted.make(`Basic ${Base64.encode(`${account.username}:${Redacted.value(account.token)}`)}`),
    check,
    login: (login) => semaphore.withPermits(1)(Effect.andThen(check, Effect.tapError(login, remember)))
  }
})
