/**
 * Requests to the registry with the authorization that its challenge requires.
 *
 * The first request carries no credentials. The registry's challenge decides the scheme of all later requests. A registry
 * may answer without a challenge and show more to whoever logs in, so configured credentials are used there as well.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"
import * as Challenge from "./Challenge.ts"
import type { Credentials } from "./Credentials.ts"
import type { HttpExchange, HttpRequest } from "../transport/HttpExchange.ts"
import { isConfidential, resolve, withoutSecrets } from "../transport/RequestUrl.ts"
import { parseRealm, type TrustedOrigins } from "./TrustedOrigins.ts"
import type { RegistryTokens, Service } from "./RegistryTokens.ts"
import type { Scope } from "./Scope.ts"
import type { HttpResponse } from "../transport/HttpResponse.ts"

/**
 * The scope that a request needs, and the scopes that others are likely to need next. With `anyToken` a token for any other
 * scope would do, so that 401 to a token is a response like others.
 */
export interface RequiredScope {
  readonly scope: Scope
  readonly also: () => Iterable<Scope>
  readonly anyToken?: boolean | undefined
}

type Scheme =
  | { readonly _tag: "Anonymous" }
  | { readonly _tag: "Basic" }
  | { readonly _tag: "Bearer"; readonly service: Service }

/**
 * After this many refusals in a row the credentials are checked. A registry may answer 401 for what credentials do not
 * permit, and so it does when they are revoked.
 */
const maxRefusals = 10

const authorized = (request: HttpRequest, header: Redacted.Redacted | undefined): HttpRequest =>
  header === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization: Redacted.value(header) } }

const readChallenges = (response: HttpResponse) => Challenge.parse(response.headers["www-authenticate"] ?? "")

/** The registry's challenges that can be met. */
const readKnownChallenges = (response: HttpResponse) =>
  readChallenges(response).filter(
    ({ parameters, scheme }) => scheme === "basic" || (scheme === "bearer" && parameters.has("realm"))
  )

const readErrors = (response: HttpResponse): ReadonlySet<string | undefined> =>
  new Set(readChallenges(response).map(({ parameters }) => parameters.get("error")))

export type Authorization = ReturnType<typeof make>

export const make = (options: {
  readonly registry: URL
  readonly trusted: TrustedOrigins
  readonly exchange: HttpExchange
  readonly credentials: Credentials
  readonly tokens: RegistryTokens
}) => {
  const { credentials, exchange, registry, tokens, trusted } = options
  const base: HttpRequest = { method: "GET", url: new URL(resolve(registry, "v2/")), headers: {}, maxBytes: 64 * 1024 }
  let scheme: Scheme | undefined
  /** The request that Basic was accepted with first, and whether the registry had refused it without credentials. */
  let proof: { readonly request: HttpRequest; readonly isChecked: boolean } | undefined
  let refusals = 0
  let isTokenAccepted = false

  const refused = (response: HttpResponse, why: string) =>
    new Registry.Unauthorized({ detail: `${response.from} answered 401: ${why}`, status: response.status })

  const chooseScheme = Effect.fnUntraced(function* (
    response: HttpResponse
  ): Effect.fn.Return<Scheme, Registry.RegistryReason> {
    const challenges = readKnownChallenges(response)
    const bearer = challenges.find(({ scheme }) => scheme === "bearer")
    if (bearer !== undefined) {
      const url = yield* Effect.fromResult(parseRealm(bearer.parameters.get("realm")!, trusted))
      return { _tag: "Bearer", service: { realm: url, name: bearer.parameters.get("service") } }
    }
    if (challenges.length === 0) {
      // A refusal of one repository may come without.
      if (scheme !== undefined && scheme._tag !== "Anonymous") return scheme
      return yield* refused(response, "it asks for neither Basic nor Bearer authorization")
    }
    if (credentials.basic === undefined) return yield* refused(response, "there are no credentials")
    if (isConfidential(registry)) return { _tag: "Basic" }
    return yield* new Registry.Unsafe({
      detail: `${registry.origin} asks for credentials, but is not reached over https`
    })
  })

  const currentHeader = (required: RequiredScope) => {
    if (scheme === undefined || scheme._tag === "Anonymous") return Effect.succeed(undefined)
    return scheme._tag === "Bearer"
      ? tokens.header(scheme.service, required.scope, required.also)
      : Effect.map(credentials.check, () => credentials.basic)
  }

  /** The response to a request with Basic. Credentials that are refused once are refused again. */
  const logIn = (request: HttpRequest) =>
    credentials.login(
      Effect.flatMap(
        Effect.suspend(() => exchange.send(authorized(request, credentials.basic))),
        (response) => (response.status === 401 ? Effect.fail(credentials.refused(response)) : Effect.succeed(response))
      )
    )

  const sendBasic = Effect.fnUntraced(function* (request: HttpRequest, isChecked: boolean) {
    const response = yield* logIn(request)
    credentials.accept()
    proof ??= { request, isChecked }
    // Set after the login: requests that begin during it would send credentials that may be wrong.
    scheme = { _tag: "Basic" }
    return response
  })

  /** Refuses one request for which the registry does not accept Basic, or all of them where it accepts it nowhere. */
  const refuseBasic = Effect.fnUntraced(function* (request: HttpRequest, response: HttpResponse) {
    refusals++
    if (
      proof === undefined ||
      proof.request.url.href === request.url.href ||
      (!proof.isChecked && refusals >= maxRefusals)
    ) {
      return yield* credentials.login(Effect.fail(credentials.refused(response)))
    }
    if (refusals % maxRefusals === 1) yield* logIn(proof.request)
    return yield* new Registry.Denied({
      detail: `${response.from} answered 401 to credentials that it accepts elsewhere`,
      status: response.status
    })
  })

  const sendBearer = Effect.fnUntraced(function* (request: HttpRequest, required: RequiredScope, service: Service) {
    const header = yield* tokens.header(service, required.scope, required.also)
    const response = yield* exchange.send(authorized(request, header))
    if (response.status !== 401) {
      isTokenAccepted = true
      return response
    }
    const errors = readErrors(response)
    if (required.anyToken === true && !errors.has("invalid_token")) return response
    tokens.forget(header)
    if (errors.has("insufficient_scope"))
      return yield* new Registry.Denied({
        detail: `${response.from} wants more than ${required.scope}`,
        status: response.status
      })
    return yield* errors.has("invalid_token") && !isTokenAccepted
      ? refused(response, "a new token is refused")
      : new Registry.Denied({
          detail: `${response.from} answered 401 to a new token for ${required.scope}`,
          status: response.status
        })
  })

  const sendBy = (chosen: Scheme, request: HttpRequest, required: RequiredScope, isChecked: boolean) => {
    if (chosen._tag !== "Bearer") return sendBasic(request, isChecked)
    scheme = chosen
    return sendBearer(request, required, chosen.service)
  }

  /**
   * Logs in to a registry that answered without a challenge. It may have sent one with its answer (RFC 9110, section
   * 11.6.1) or send one at the base of its API; else it gets Basic.
   */
  const sendUnchallenged = Effect.fnUntraced(function* (
    request: HttpRequest,
    required: RequiredScope,
    response: HttpResponse
  ) {
    const hasChallenge = (response: HttpResponse) => readKnownChallenges(response).length > 0
    const challenged = hasChallenge(response)
      ? response
      : yield* Effect.orElseSucceed(exchange.send(base), () => response)
    if (hasChallenge(challenged)) {
      const chosen = yield* chooseScheme(challenged)
      const isClosed = challenged.status === 401
      if (chosen._tag === "Basic" && isClosed) yield* sendBasic(base, true)
      return yield* sendBy(chosen, request, required, false)
    }
    if (isConfidential(registry)) return yield* sendBasic(request, false)
    yield* Effect.logWarning(
      `${withoutSecrets(registry)} is read without the credentials, which are not sent as it is not reached over https: only what it shows to everybody is seen; give its address with https`
    )
    scheme = { _tag: "Anonymous" }
    return response
  })

  /** The response to a request to the registry. 401 is `Unauthorized` or `Denied`, unless any token would do. */
  const send = Effect.fnUntraced(function* (request: HttpRequest, required: RequiredScope) {
    const header = yield* currentHeader(required)
    const response = yield* exchange.send(authorized(request, header))
    if (response.status !== 401) {
      if (header === credentials.basic) refusals = 0
      else if (header !== undefined) isTokenAccepted = true
      const isOpen =
        scheme === undefined &&
        request.url.href.startsWith(base.url.href) &&
        // What was deleted is not deleted again.
        (request.method !== "DELETE" || response.status >= 300)
      return isOpen && credentials.basic !== undefined ? yield* sendUnchallenged(request, required, response) : response
    }
    const isInvalid = readErrors(response).has("invalid_token")
    if (header !== undefined && required.anyToken === true && !isInvalid) return response
    const chosen = yield* chooseScheme(response)
    if (chosen._tag === "Basic" && header !== undefined && header === credentials.basic) {
      return yield* refuseBasic(request, response)
    }
    if (header !== undefined) tokens.forget(header, isInvalid ? undefined : required.scope)
    return yield* sendBy(chosen, request, required, true)
  })

  return { send }
}
