/**
 * Bearer tokens for the registry, each for many repositories.
 *
 * Source: distribution, "Token Authentication Specification"; GitLab, `/jwt/auth`.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Clock, Deferred, Effect, Iterable, Redacted } from "effect"
import type { Credentials } from "./Credentials.ts"
import type { HttpExchange } from "../transport/HttpExchange.ts"
import { withoutSecrets } from "../transport/RequestUrl.ts"
import type { Scope } from "./Scope.ts"
import * as TokenResponse from "./TokenResponse.ts"
import type { HttpResponse } from "../transport/HttpResponse.ts"
import { errorCodes, permanentReason } from "../transport/Failure.ts"

/** The token service that a registry names, checked to be trusted. */
export interface Service {
  readonly realm: URL
  readonly name: string | undefined
}

/** The token of a scope until `renewAt`; without a header the scope is denied. */
interface Grant {
  readonly header: Redacted.Redacted | undefined
  readonly renewAt: number
  readonly batch: Batch
}

/** The scopes of one token: the scope that was required, and whether the next batch was requested already. */
interface Batch {
  readonly first: Scope
  isFollowed: boolean
}

/** Characters of scopes in one request: servers take 8 KiB of URL and of the header that brings the token back. */
const maxQuery = 5000

/** The statuses of a response that depends on the scopes: a token, too many scopes in one request, or a denied one. */
const settled: ReadonlySet<number> = new Set([200, 400, 403, 414, 431])

/** How long a scope is denied that the service answers with 403, in milliseconds. */
const denialMemory = 300_000

/** After this many denials in a row the credentials are checked: the service may answer so to all that they ask. */
const maxDenials = 10

/** After this many requests for several scopes of which none was granted more, each scope gets a request of its own. */
const maxFailedBatches = 2

/** The most scopes that are checked to fill a batch: those in use and in the batch before have a token already. */
const maxLookAhead = 300

/**
 * A token is renewed this long before it ends, but never before half its life: it must outlast the request and the
 * registry's clock may differ.
 */
const margin = (life: number) => Math.min(30_000, life / 2)

export type RegistryTokens = Effect.Success<ReturnType<typeof make>>

/**
 * Tokens for at most `batch` scopes at once. Requests for them run in the scope of the constructor, so that one
 * caller that is interrupted does not stop the request that others wait for.
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly exchange: HttpExchange
  readonly credentials: Credentials
  readonly batch: number
}) {
  const { credentials, exchange } = options
  const scope = yield* Effect.scope
  const grants = new Map<Scope, Grant>()
  const pending = new Map<Scope, Deferred.Deferred<void, Registry.RegistryReason>>()
  let size = options.batch
  /** The service has granted several scopes in one token. */
  let proven = false
  let failedBatches = 0
  /** Scopes that a token for several did not grant, so that they are requested alone. */
  const alone = new Set<Scope>()
  /** A scope that was granted: where it still is, the credentials are good. */
  let proof: Scope | undefined
  let denials = 0

  const send = Effect.fnUntraced(function* (service: Service, scopes: ReadonlyArray<Scope>) {
    const { basic } = credentials
    const url = new URL(service.realm)
    if (service.name !== undefined) url.searchParams.set("service", service.name)
    url.searchParams.set("client_id", "gitlab-registry-usage")
    for (const scope of scopes) url.searchParams.append("scope", scope)
    const authorization = basic === undefined ? undefined : { authorization: Redacted.value(basic) }
    const requestedAt = yield* Clock.currentTimeMillis
    const response = yield* exchange.send({
      method: "GET",
      url,
      headers: { accept: "application/json", "accept-encoding": "identity", ...authorization },
      maxBytes: 256 * 1024
    })
    if (settled.has(response.status)) return { response, requestedAt }
    return yield* response.status === 401 ? credentials.refused(response) : permanentReason(response)
  })

  /**
   * Denies the scope that the service answered with 403. But GitLab answers so to an address that is banned, with no error
   * code, and going on would prolong the ban: then the credentials are checked by a scope that was granted before.
   */
  const deny = Effect.fnUntraced(function* (service: Service, scope: Scope, response: HttpResponse, now: number) {
    denials++
    if (denials >= (errorCodes(response).includes("DENIED") ? maxDenials : 1)) {
      if (proof === undefined) return yield* credentials.refused(response)
      const { response: check } = yield* send(service, [proof])
      if (check.status !== 200) return yield* credentials.refused(check)
      denials = 0
    }
    grants.set(scope, { header: undefined, renewAt: now + denialMemory, batch: { first: scope, isFollowed: false } })
  })

  /** Requests a token for the scopes, and where it does not grant the first of several, one for that alone. */
  const obtain = Effect.fnUntraced(function* (
    service: Service,
    scopes: ReadonlyArray<Scope>
  ): Effect.fn.Return<void, Registry.RegistryReason> {
    const first = scopes[0]!
    const { response, requestedAt } = yield* send(service, scopes)
    const isBatch = scopes.length > 1
    if (response.status !== 200 && !isBatch) {
      return yield* response.status === 403
        ? deny(service, first, response, requestedAt)
        : Effect.fail(permanentReason(response))
    }
    let granted: ReadonlyArray<Scope> = []
    if (response.status === 200) {
      const answer = yield* Effect.fromResult(TokenResponse.decode(response))
      const header = Redacted.make(`Bearer ${Redacted.value(answer.token)}`)
      const renewAt = requestedAt + answer.life - margin(answer.life)
      const batch: Batch = { first, isFollowed: false }
      credentials.accept()
      granted = scopes.filter((scope) => answer.granted?.has(scope) ?? true)
      for (const scope of granted) {
        grants.set(scope, { header, renewAt, batch })
        alone.delete(scope)
      }
      if (granted.length > 0) denials = 0
      proof ??= granted[0]
      if (!isBatch && granted.length === 0) grants.set(first, { header: undefined, renewAt, batch })
    }
    if (!isBatch) return
    if (granted.length > 1) proven = true
    else if (!proven) failedBatches++
    // The service, or a proxy before it, does not take as many.
    if ((response.status !== 200 && response.status !== 403) || failedBatches >= maxFailedBatches) size = 1
    for (const scope of scopes) if (!granted.includes(scope)) alone.add(scope)
    if (alone.has(first)) yield* obtain(service, [first])
  })

  const isMissing = (scope: Scope, now: number) => !pending.has(scope) && now >= (grants.get(scope)?.renewAt ?? 0)

  /** As many of the scopes as fit into one request, of those that have no token: the first ones. */
  const nextBatch = (wanted: Iterable<Scope>, now: number): ReadonlyArray<Scope> => {
    const scopes: Array<Scope> = []
    let length = 0
    let seen = 0
    for (const next of wanted) {
      if (scopes.length >= size || ++seen > maxLookAhead) break
      if (!isMissing(next, now)) continue
      if (alone.has(next)) {
        if (scopes.length === 0) return [next]
        continue
      }
      length += encodeURIComponent(next).length + "&scope=".length
      if (scopes.length > 0 && length > maxQuery) break
      scopes.push(next)
    }
    return scopes
  }

  /** Begins a request for those of the scopes that have no token, unless they all have. */
  const fetch = (service: Service, wanted: Iterable<Scope>, now: number) =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        const scopes = nextBatch(wanted, now)
        if (scopes.length === 0) return Effect.undefined
        const done = Deferred.makeUnsafe<void, Registry.RegistryReason>()
        for (const scope of scopes) {
          grants.delete(scope)
          pending.set(scope, done)
        }
        return Effect.interruptible(credentials.login(obtain(service, scopes))).pipe(
          Effect.onExit((exit) => {
            for (const scope of scopes) pending.delete(scope)
            return Deferred.done(done, exit)
          }),
          Effect.forkIn(scope),
          Effect.as(done)
        )
      })
    )

  const use = (service: Service, scope: Scope, grant: Grant) =>
    grant.header !== undefined
      ? Effect.succeed(grant.header)
      : Effect.fail(new Registry.Denied({ detail: `${withoutSecrets(service.realm)} does not grant ${scope}` }))

  /**
   * The `Authorization` header for a scope. `also` are scopes that later requests are likely to need: as many as fit come
   * with the same token. `Denied` where the service does not grant the scope.
   */
  const header = (
    service: Service,
    scope: Scope,
    also: () => Iterable<Scope>
  ): Effect.Effect<Redacted.Redacted, Registry.RegistryReason> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const grant = grants.get(scope)
      if (grant !== undefined && now < grant.renewAt) {
        const { batch } = grant
        // The next batch is fetched when the second scope of one is used, so that no request waits for it later;
        // a single scope, as between crawls, fetches no further ones. Requests that need the scopes report a failure.
        if (batch.isFollowed || scope === batch.first) return use(service, scope, grant)
        batch.isFollowed = true
        return Effect.andThen(fetch(service, also(), now), use(service, scope, grant))
      }
      const waiting = pending.get(scope)
      return (
        waiting === undefined ? fetch(service, Iterable.prepend(also(), scope), now) : Effect.succeed(waiting)
      ).pipe(
        Effect.flatMap((done) => (done === undefined ? Effect.void : Deferred.await(done))),
        Effect.flatMap(() => {
          // A token that was just granted is used even if it has expired, or the loop would not end.
          const grant = grants.get(scope)
          return grant !== undefined ? use(service, scope, grant) : header(service, scope, also)
        })
      )
    })

  return {
    header,
    /** Forgets a token that the registry refused. `suspect` is the scope that it may not grant, though the service says so. */
    forget: (header: Redacted.Redacted, suspect?: Scope) => {
      for (const [scope, grant] of grants) if (grant.header === header) grants.delete(scope)
      if (suspect !== undefined) alone.add(suspect)
    }
  }
})
