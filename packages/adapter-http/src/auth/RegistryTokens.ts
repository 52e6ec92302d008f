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
import { permanentReason } from "../transport/Failure.ts"

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

/** The statuses of a response that is no refusal: a token, or too many scopes in one request. */
const settled: ReadonlySet<number> = new Set([200, 400, 414, 431])

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
  /** The service has granted several scopes in one token, so a scope that is missing in a token is denied. */
  let proven = false

  const login = Effect.fnUntraced(function* (service: Service, scopes: ReadonlyArray<Scope>) {
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
    const { from, status } = response
    if (settled.has(status)) return { response, requestedAt }
    // GitLab answers 403 while an address is banned: going on would prolong that.
    if (status !== 401 && status !== 403) return yield* permanentReason(response)
    return yield* new Registry.Unauthorized({
      detail:
        basic === undefined
          ? `${from} gives nobody a token without credentials`
          : `${from} refused the credentials with ${status}`
    })
  })

  const request = Effect.fnUntraced(function* (
    service: Service,
    scopes: ReadonlyArray<Scope>
  ): Effect.fn.Return<void, Registry.RegistryReason> {
    const { response, requestedAt } = yield* credentials.login(login(service, scopes))
    if (response.status !== 200) {
      if (scopes.length === 1) return yield* permanentReason(response)
      // This service, or a proxy before it, does not take as many.
      size = 1
      return yield* request(service, scopes.slice(0, 1))
    }
    const { granted, life, token } = yield* Effect.fromResult(TokenResponse.decode(response))
    const header = Redacted.make(`Bearer ${Redacted.value(token)}`)
    const renewAt = requestedAt + life - margin(life)
    const isGranted = (scope: Scope) => granted === undefined || granted.has(scope)
    const count = scopes.filter(isGranted).length
    const batch: Batch = { first: scopes[0]!, isFollowed: false }
    if (count > 1) proven = true
    for (const scope of scopes) {
      if (isGranted(scope)) grants.set(scope, { header, renewAt, batch })
      else if (proven || scopes.length === 1) grants.set(scope, { header: undefined, renewAt, batch })
    }
    // A service that takes only one scope of a request may have left out the one that is needed.
    if (!grants.has(scopes[0]!)) return yield* request(service, scopes.slice(0, 1))
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
        return Effect.interruptible(request(service, scopes)).pipe(
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
    /** Forgets a token that the registry refused. */
    forget: (header: Redacted.Redacted) => {
      for (const [scope, grant] of grants) if (grant.header === header) grants.delete(scope)
    }
  }
})
