/**
 * The HTTP API for a server of one's own: of effect, of Node, or of a framework such as Express and Fastify.
 *
 * @since 0.1.0
 */
import { NodeHttpServer } from "@effect/platform-node"
import { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import {
  type Authentication,
  Collector,
  Hal,
  type LoginAttempts,
  type Secret,
  type Snapshot,
  SnapshotStore,
  StatusResource
} from "@gitlab-registry-usage/core"
import { Context, Effect, Layer, Option, type Scope, Stream } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Metrics from "../Metrics.ts"
import { description, type HandledName, type Name, routes } from "./api/Api.ts"
import { authorize } from "./auth/Bearer.ts"
import { docs } from "./api/Docs.ts"
import * as Documents from "./documents/Documents.ts"
import * as Handler from "./wire/Handler.ts"
import { live, ready } from "./service/HealthEndpoint.ts"
import { events } from "./service/NotificationsEndpoint.ts"
import { html, json, type Request, type Response, toResponse } from "./wire/Message.ts"
import { home } from "./documents/Home.ts"
import * as Html from "./documents/Html.ts"
import { login } from "./auth/Login.ts"
import * as LoginLimiter from "./auth/LoginLimiter.ts"
import * as MetricsEndpoint from "./service/MetricsEndpoint.ts"
import * as EarlierSnapshots from "./documents/EarlierSnapshots.ts"
import * as Missing from "./documents/Missing.ts"
import { badRequest, methodNotAllowed, notFound, Problem, quoted } from "./wire/Problem.ts"
import { MediaType, negotiate } from "./query/MediaType.ts"
import * as Parameters from "./query/Parameters.ts"
import * as Router from "./api/Router.ts"
import { parse, type Target } from "./api/RequestTarget.ts"
import { KnownTokens } from "./auth/TokenCache.ts"
import * as DashboardFiles from "./service/DashboardFiles.ts"
import * as UniqueSize from "./documents/UniqueSize.ts"

/** @category models @since 0.1.0 */
export interface Options extends MetricsEndpoint.Options, Handler.Options {
  /** The path under which a reverse proxy publishes the API, such as `/registry`; it begins every link. Default none. */
  readonly prefix?: string | undefined
  /** The secret of the registry's notifications. Without it there is no `/events`. */
  readonly eventsToken?: Secret.Secret | undefined
  /** The limits of wrong passwords, where no `LoginAttempts` are provided. */
  readonly limiter?: LoginLimiter.Options | undefined
  /** The capacity of the registry (bytes), for the projection of when it is full. Default unknown. */
  readonly capacity?: number | undefined
  /** The unit in which the capacity was written, such as `TB`: users see it in this unit. Default their own choice. */
  readonly capacityUnit?: string | undefined
}

/**
 * What the API needs: a directory to sign in with, tokens, and the collector whose snapshot it serves. It also uses what is
 * provided besides: the history of a `SnapshotStore` that keeps one, the counts of `LoginAttempts`, the instant of a
 * `Revocation`, the public keys of `JwtTokens.layer`, the page of `Dashboard.layer`.
 *
 * @category models
 * @since 0.1.0
 */
export type Services = Authentication.Directory | Authentication.Tokens | Collector.Collector

type Handler = (
  request: Request,
  target: Target,
  readings: ReadonlyArray<Router.Reading<Name>>
) => Effect.Effect<Response, Problem, Services>

/** Renders a resource without a cache, in the media type that the request accepts. `links` is what the parameter defaults to. */
const rendered = Effect.fnUntraced(function* (
  request: Request,
  target: Target,
  resource: Effect.Effect<Hal.Resource, Problem, Collector.Collector>,
  links = false
) {
  const query = yield* Effect.fromResult(Parameters.decode(target.query))
  yield* Effect.fromResult(Parameters.checkMeaning(query, []))
  const mediaType = yield* Effect.fromResult(negotiate(request.headers.accept))
  const response =
    mediaType === MediaType.html
      ? html(Html.render(yield* resource), Html.contentSecurityPolicy)
      : {
          status: 200,
          headers: { "content-type": MediaType.hal, "cache-control": "no-store" },
          body: JSON.stringify(Hal.render(yield* resource, Documents.rendering({ links, ...query })))
        }
  return { ...response, headers: { ...response.headers, vary: "Accept, Authorization" } }
})

const noEvents = notFound("this server takes no notifications of the registry: set events_token in [registry]")

const redirect = (location: string): Response => ({
  status: 307,
  headers: { location, "cache-control": "no-store", vary: "Accept" }
})

const handlers = (
  options: Options,
  ui: DashboardFiles.Files,
  publicKeys: JwtTokens.PublicKeySet | undefined,
  limiter: LoginAttempts.LoginAttempts["Service"],
  docs: Effect.Effect<Response>,
  earlier: EarlierSnapshots.EarlierSnapshots | undefined
): Readonly<Record<HandledName, Handler>> => {
  const root = options.prefix ?? ""
  const capacity = options.capacity === undefined ? undefined : { bytes: options.capacity, unit: options.capacityUnit }
  const signIn = login(limiter)
  const file = (name: string, request: Request) => {
    const found = DashboardFiles.find(ui, name, request.headers["if-none-match"])
    return found === undefined
      ? notFound(ui.size === 0 ? "this server was started without the page" : `the page has no file ${quoted(name)}`)
      : Effect.succeed(found)
  }
  return {
    status: (request, target) =>
      Effect.andThen(
        authorize(request),
        rendered(
          request,
          target,
          Effect.gen(function* () {
            const collector = yield* Collector.Collector
            return StatusResource.status(root, yield* collector.current, yield* collector.status, capacity)
          })
        )
      ),
    unique_size: Effect.fnUntraced(function* (request) {
      yield* authorize(request)
      const items = yield* UniqueSize.items(request)
      return json(yield* Effect.fromResult(UniqueSize.uniqueSize(yield* Documents.current, items)))
    }),
    events: (request) => events(request, options.eventsToken!),
    token: signIn,
    home: (request, target) =>
      Effect.flatMap(Effect.fromResult(negotiate(request.headers.accept)), (mediaType) =>
        mediaType === MediaType.html && ui.has("index.html")
          ? Effect.succeed(redirect(`${root}/ui/`))
          : rendered(request, target, Effect.succeed(home(root, ui.has("index.html"), earlier !== undefined)), true)
      ),
    live: () => live,
    ready: () => ready,
    metrics: (request) => MetricsEndpoint.metrics(request, options),
    jwks: () =>
      publicKeys === undefined || publicKeys.keys.length === 0
        ? notFound("the tokens have no public key: this server alone can verify them")
        : Effect.succeed({
            ...json(publicKeys),
            headers: { "content-type": "application/jwk-set+json", "cache-control": "public, max-age=300" }
          }),
    openapi: () => Effect.sync(() => json(description(root))),
    docs: () => docs,
    ui: (request) => {
      const path = request.url.replace(/\?.*$/, "")
      return path.endsWith("/") ? file("index.html", request) : Effect.succeed(redirect(`${root}/ui/`))
    },
    file: (request, _, [reading]) => file(reading!.parameters["file"]!, request)
  }
}

/** Every GET route also supports HEAD. */
const allowed = (method: string) => (method === "GET" ? "GET, HEAD, OPTIONS" : `${method}, OPTIONS`)

/** `/ui/` is the only path with a slash at the end, because the page's relative links are below it. */
const withoutLastSlash = (url: string) => url.replace(/\/ui\/(?=$|\?)/, "/ui")

const failed = new Problem({
  status: 500,
  title: "Internal Server Error",
  detail: "an unexpected error occurred; the server's log has the details"
})

/**
 * The app, and the front that answers from its cache.
 *
 * @internal
 */
export const handler = Effect.fnUntraced(function* (options: Options = {}) {
  const root = options.prefix ?? ""
  const store = Option.filter(yield* Effect.serviceOption(SnapshotStore.SnapshotStore), (store) => store.keepsHistory)
  const earlier = Option.isNone(store) ? undefined : yield* EarlierSnapshots.make(store.value)
  const handle: Readonly<Partial<Record<Name, Handler>>> = handlers(
    options,
    yield* DashboardFiles.Current,
    Option.getOrUndefined(yield* Effect.serviceOption(JwtTokens.PublicKeys)),
    yield* LoginLimiter.make(options.limiter),
    yield* docs(root),
    earlier
  )
  const document = Documents.document({ root, earlier, capacity: options.capacity })
  const router = Router.make(routes)
  const dispatch = Effect.fnUntraced(function* (request: Request): Effect.fn.Return<Response, Problem, Services> {
    const { method } = request
    const reads = method === "GET" || method === "HEAD"
    const target = yield* Effect.fromResult(parse(withoutLastSlash(request.url), options.prefix))
    const [first, ...rest] = target.segments
    const readings = router(first?.text === "repositories" ? [{ ...first, text: "images" }, ...rest] : target.segments)
    const name = readings[0]?.name
    if (name === undefined) return yield* Missing.path(root, target)
    if (name === "events" && options.eventsToken === undefined) return yield* noEvents
    request.note.route = name
    const allow = allowed(routes[name].method)
    if (method === "OPTIONS") return { status: 204, headers: { allow } }
    if (!(reads && routes[name].method === "GET") && method !== routes[name].method) {
      return yield* methodNotAllowed(method, allow)
    }
    if (reads && Documents.hasBody(request)) return yield* badRequest("a request to read takes no body")
    return yield* (handle[name] ?? document)(request, target, readings)
  })
  const answer = (request: Request): Effect.Effect<Response, never, Services> =>
    dispatch(request).pipe(
      Effect.catchTag("Problem", (problem) => Effect.succeed(toResponse(problem))),
      Effect.catchDefect((defect) =>
        Effect.logError("a request failed unexpectedly", defect).pipe(
          Effect.andThen(Metrics.count(Metrics.defects)),
          Effect.as(toResponse(failed))
        )
      )
    )
  const { changes } = yield* Collector.Collector
  let latest = Option.none<Snapshot.Snapshot>()
  yield* Effect.forkScoped(Stream.runForEach(changes, (snapshot) => Effect.sync(() => (latest = snapshot))))
  return Handler.make({ answer, atOnce: Documents.lookUp(() => latest, yield* KnownTokens) }, options)
})

/**
 * Makes the app: an effect that responds to the `HttpServerRequest` of its context, for effect's `HttpServer.serve`. Every
 * request gets a response; an error becomes a problem document without a stack.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Effect.Effect<HttpApp, never, Collector.Collector | Scope.Scope> =>
  Effect.map(handler(options), ({ httpApp }) => httpApp)

/**
 * The app, as effect's HTTP server runs it.
 *
 * @category models
 * @since 0.1.0
 */
export type HttpApp = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  Services | HttpServerRequest.HttpServerRequest | Scope.Scope
>

/**
 * The app as a listener for the requests of Node's HTTP server, also behind Express, Fastify and their like. It answers every
 * request that it is given, with or without `prefix` at the front of its path. A body that a parser has read before is taken
 * from the property `body` of the request.
 *
 * @category services
 * @since 0.1.0
 */
export class Listener extends Context.Service<Listener, (request: IncomingMessage, response: ServerResponse) => void>()(
  "@gitlab-registry-usage/server/App/Listener"
) {}

/**
 * Makes the listener. When its scope closes, requests under way are interrupted: close the server before.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Listener, never, Services> =>
  Layer.effect(
    Listener,
    Effect.gen(function* () {
      return yield* NodeHttpServer.makeHandler(yield* make(options), { scope: yield* Effect.scope })
    })
  )
