/**
 * Requests to the registry with the authorization that it asks for.
 *
 * Nothing is sent unasked: the first request goes without, and the registry's challenge tells the scheme for all later
 * ones. A registry that challenges nobody is open.
 *
 * @since 0.1.0
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"
import * as Challenge from "./Challenge.ts"
import type { Answer } from "../transport/Failure.ts"
import type { Credentials } from "./Credentials.ts"
import type { Exchange, Request } from "../transport/HttpExchange.ts"
import { isPrivate, realm, type Trusted } from "./TrustedOrigins.ts"
import type { RegistryTokens, Service } from "./RegistryTokens.ts"
import type { Scope } from "./Scope.ts"

/**
 * The scope that a request needs, and the scopes that others are likely to need next.
 *
 * @category models
 * @since 0.1.0
 */
export interface Need {
  readonly scope: Scope
  readonly also: () => Iterable<Scope>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Authorization {
  /** The answer to a request to the registry. Never 401: that is `Unauthorized` or `Denied`. */
  readonly send: (request: Request, need: Need) => Effect.Effect<Answer, Registry.RegistryReason>
}

type Scheme = { readonly _tag: "Basic" } | { readonly _tag: "Bearer"; readonly service: Service }

const authorized = (request: Request, header: Redacted.Redacted | undefined): Request =>
  header === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization: Redacted.value(header) } }

const challengesOf = (answer: Answer) => Challenge.parse(answer.headers["www-authenticate"] ?? "")

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly registry: URL
  readonly trusted: Trusted
  readonly exchange: Exchange
  readonly credentials: Credentials
  readonly tokens: RegistryTokens
}): Authorization => {
  const { credentials, exchange, registry, tokens, trusted } = options
  let scheme: Scheme | undefined

  const refused = (answer: Answer, why: string) =>
    new Registry.Unauthorized({ detail: `${answer.from} answered 401: ${why}` })

  const schemeOf = Effect.fnUntraced(function* (answer: Answer): Effect.fn.Return<Scheme, Registry.RegistryReason> {
    const challenges = challengesOf(answer)
    const bearer = challenges.find(({ parameters, scheme }) => scheme === "bearer" && parameters.has("realm"))
    if (bearer !== undefined) {
      const url = yield* Effect.fromResult(realm(bearer.parameters.get("realm")!, trusted))
      return { _tag: "Bearer", service: { realm: url, name: bearer.parameters.get("service") } }
    }
    if (!challenges.some(({ scheme }) => scheme === "basic")) {
      return yield* refused(answer, "it asks for neither Basic nor Bearer authorization")
    }
    if (credentials.basic === undefined) return yield* refused(answer, "there are no credentials")
    if (isPrivate(registry)) return { _tag: "Basic" }
    return yield* new Registry.Unsafe({
      detail: `${registry.origin} asks for credentials, but is not reached over https`
    })
  })

  const headerOf = (need: Need): Effect.Effect<Redacted.Redacted | undefined, Registry.RegistryReason> => {
    if (scheme === undefined) return Effect.succeed(undefined)
    return scheme._tag === "Bearer"
      ? tokens.header(scheme.service, need.scope, need.also)
      : Effect.as(credentials.check, credentials.basic)
  }

  /** A login with Basic: what is refused now would be refused again. */
  const sendBasic = (request: Request) =>
    credentials.login(
      Effect.flatMap(exchange.send(authorized(request, credentials.basic)), (answer) =>
        answer.status === 401 ? Effect.fail(refused(answer, "the credentials are refused")) : Effect.succeed(answer)
      )
    )

  const sendBearer = Effect.fnUntraced(function* (
    request: Request,
    need: Need,
    service: Service
  ): Effect.fn.Return<Answer, Registry.RegistryReason> {
    const header = yield* tokens.header(service, need.scope, need.also)
    const answer = yield* exchange.send(authorized(request, header))
    if (answer.status !== 401) return answer
    tokens.forget(header)
    const insufficient = challengesOf(answer).some(({ parameters }) => parameters.get("error") === "insufficient_scope")
    if (insufficient) return yield* new Registry.Denied({ detail: `${answer.from} wants more than ${need.scope}` })
    return yield* refused(answer, "a new token is refused")
  })

  const send = Effect.fnUntraced(function* (
    request: Request,
    need: Need
  ): Effect.fn.Return<Answer, Registry.RegistryReason> {
    const header = yield* headerOf(need)
    const answer = yield* exchange.send(authorized(request, header))
    if (answer.status !== 401) return answer
    const asked = yield* schemeOf(answer)
    if (asked._tag === "Basic") {
      if (header === credentials.basic) {
        return yield* credentials.login(Effect.fail(refused(answer, "the credentials are refused")))
      }
      const permitted = yield* sendBasic(request)
      // Only now: requests that begin during this login would bring credentials along that may be wrong.
      scheme = asked
      return permitted
    }
    scheme = asked
    if (header !== undefined) tokens.forget(header)
    return yield* sendBearer(request, need, asked.service)
  })

  return { send }
}
