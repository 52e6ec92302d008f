/**
 * Requests to the registry with the authorization that its challenge requires.
 *
 * The first request carries no credentials. The registry's challenge decides the scheme of all later requests. A registry
 * that sends no challenge is open.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"
import * as Challenge from "./Challenge.ts"
import type { Credentials } from "./Credentials.ts"
import type { HttpExchange, HttpRequest } from "../transport/HttpExchange.ts"
import { isConfidential } from "../transport/RequestUrl.ts"
import { parseRealm, type TrustedOrigins } from "./TrustedOrigins.ts"
import type { RegistryTokens, Service } from "./RegistryTokens.ts"
import type { Scope } from "./Scope.ts"
import type { HttpResponse } from "../transport/HttpResponse.ts"

/** The scope that a request needs, and the scopes that others are likely to need next. */
export interface RequiredScope {
  readonly scope: Scope
  readonly also: () => Iterable<Scope>
}

type Scheme = { readonly _tag: "Basic" } | { readonly _tag: "Bearer"; readonly service: Service }

const authorized = (request: HttpRequest, header: Redacted.Redacted | undefined): HttpRequest =>
  header === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization: Redacted.value(header) } }

const readChallenges = (response: HttpResponse) => Challenge.parse(response.headers["www-authenticate"] ?? "")

export type Authorization = ReturnType<typeof make>

export const make = (options: {
  readonly registry: URL
  readonly trusted: TrustedOrigins
  readonly exchange: HttpExchange
  readonly credentials: Credentials
  readonly tokens: RegistryTokens
}) => {
  const { credentials, exchange, registry, tokens, trusted } = options
  let scheme: Scheme | undefined

  const refused = (response: HttpResponse, why: string) =>
    new Registry.Unauthorized({ detail: `${response.from} answered 401: ${why}` })

  const chooseScheme = Effect.fnUntraced(function* (
    response: HttpResponse
  ): Effect.fn.Return<Scheme, Registry.RegistryReason> {
    const challenges = readChallenges(response)
    const bearer = challenges.find(({ parameters, scheme }) => scheme === "bearer" && parameters.has("realm"))
    if (bearer !== undefined) {
      const url = yield* Effect.fromResult(parseRealm(bearer.parameters.get("realm")!, trusted))
      return { _tag: "Bearer", service: { realm: url, name: bearer.parameters.get("service") } }
    }
    if (!challenges.some(({ scheme }) => scheme === "basic")) {
      return yield* refused(response, "it asks for neither Basic nor Bearer authorization")
    }
    if (credentials.basic === undefined) return yield* refused(response, "there are no credentials")
    if (isConfidential(registry)) return { _tag: "Basic" }
    return yield* new Registry.Unsafe({
      detail: `${registry.origin} asks for credentials, but is not reached over https`
    })
  })

  const currentHeader = (required: RequiredScope) => {
    if (scheme === undefined) return Effect.succeed(undefined)
    return scheme._tag === "Bearer"
      ? tokens.header(scheme.service, required.scope, required.also)
      : Effect.as(credentials.check, credentials.basic)
  }

  /** A login with Basic: credentials that are refused once are refused again. */
  const sendBasic = (request: HttpRequest) =>
    credentials.login(
      Effect.flatMap(exchange.send(authorized(request, credentials.basic)), (response) =>
        response.status === 401
          ? Effect.fail(refused(response, "the credentials are refused"))
          : Effect.succeed(response)
      )
    )

  const sendBearer = Effect.fnUntraced(function* (request: HttpRequest, required: RequiredScope, service: Service) {
    const header = yield* tokens.header(service, required.scope, required.also)
    const response = yield* exchange.send(authorized(request, header))
    if (response.status !== 401) return response
    tokens.forget(header)
    const insufficient = readChallenges(response).some(
      ({ parameters }) => parameters.get("error") === "insufficient_scope"
    )
    if (insufficient)
      return yield* new Registry.Denied({ detail: `${response.from} wants more than ${required.scope}` })
    return yield* refused(response, "a new token is refused")
  })

  /** The response to a request to the registry. Never 401: that is `Unauthorized` or `Denied`. */
  const send = Effect.fnUntraced(function* (request: HttpRequest, required: RequiredScope) {
    const header = yield* currentHeader(required)
    const response = yield* exchange.send(authorized(request, header))
    if (response.status !== 401) return response
    const chosen = yield* chooseScheme(response)
    if (chosen._tag === "Basic") {
      if (header === credentials.basic) {
        return yield* credentials.login(Effect.fail(refused(response, "the credentials are refused")))
      }
      const permitted = yield* sendBasic(request)
      // Set after the login: requests that begin during it would send credentials that may be wrong.
      scheme = chosen
      return permitted
    }
    scheme = chosen
    if (header !== undefined) tokens.forget(header)
    return yield* sendBearer(request, required, chosen.service)
  })

  return { send }
}
