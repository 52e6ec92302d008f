/**
 * The HTTP API as one function from request to response.
 *
 * @since 0.1.0
 */
import { type Authentication, Collector, Hal, type Snapshot, StatusResource } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Option, type Redacted } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { authorize } from "./Bearer.ts"
import { Draining } from "./Draining.ts"
import { events } from "./Events.ts"
import { home } from "./Home.ts"
import * as Html from "./Html.ts"
import { login } from "./Login.ts"
import { badRequest, methodNotAllowed, notFound, Problem, toResponse, unavailable } from "./Problem.ts"
import { MediaType, mediaTypeOf, renderingOf } from "./Rendering.ts"
import * as Resources from "./Resources.ts"
import * as Router from "./Router.ts"
import { cursorGone, selectedOf } from "./Selecting.ts"
import { parse, type Target } from "./Target.ts"
import * as UniqueSize from "./UniqueSize.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /** The path under which a reverse proxy publishes the API, such as `/registry`; it begins every link. Default none. */
  readonly prefix?: string | undefined
  /** The secret with which the registry tells what changed. Without it there is no `/events`. */
  readonly eventsToken?: Redacted.Redacted | undefined
}

const json = (value: unknown, status = 200) =>
  HttpServerResponse.text(JSON.stringify(value), {
    status,
    contentType: "application/json",
    headers: { "cache-control": "no-store" }
  })

const ready = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  if (yield* Draining) return yield* unavailable("the server is stopping", 5)
  if (Option.isNone(yield* collector.current)) {
    return yield* unavailable("the registry has not been crawled yet", 5)
  }
  return json({ status: "ready" })
})

const snapshot = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  const current = yield* collector.current
  if (Option.isSome(current)) return current.value
  return yield* unavailable("the registry has not been crawled yet; the first crawl is under way", 5)
})

/** A resource in the form that the request accepts. */
const rendered = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  target: Target,
  resource: Effect.Effect<Hal.Resource, Problem, Collector.Collector>
) {
  const rendering = yield* Effect.fromResult(renderingOf(target.query))
  const mediaType = yield* Effect.fromResult(mediaTypeOf(request.headers["accept"]))
  const headers = { "cache-control": "private, no-cache", vary: "Accept, Authorization" }
  return mediaType === MediaType.html
    ? HttpServerResponse.text(Html.render(yield* resource), {
        contentType: "text/html; charset=utf-8",
        headers: { ...headers, "content-security-policy": Html.contentSecurityPolicy }
      })
    : HttpServerResponse.text(JSON.stringify(Hal.render(yield* resource, rendering)), {
        contentType: MediaType.hal,
        headers
      })
})

const usage = (
  request: HttpServerRequest.HttpServerRequest,
  target: Target,
  root: string,
  base: string,
  readings: ReadonlyArray<Router.Reading<Resources.Name>>
) =>
  Effect.andThen(
    authorize(request.headers["authorization"]),
    rendered(
      request,
      target,
      Effect.gen(function* () {
        const { selection, takenAt } = yield* Effect.fromResult(selectedOf(target.query))
        const current: Snapshot.Snapshot = yield* snapshot
        if (takenAt !== undefined && takenAt !== DateTime.toEpochMillis(current.takenAt)) return yield* cursorGone
        return yield* Effect.fromResult(Resources.find({ snapshot: current, root, base }, readings, selection))
      })
    )
  )

const status = (request: HttpServerRequest.HttpServerRequest, target: Target, root: string) =>
  Effect.andThen(
    authorize(request.headers["authorization"]),
    rendered(
      request,
      target,
      Effect.gen(function* () {
        const collector = yield* Collector.Collector
        return StatusResource.status(root, yield* collector.current, yield* collector.status)
      })
    )
  )

const uniqueSize = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  yield* authorize(request.headers["authorization"])
  const items = yield* UniqueSize.items(request)
  return json(yield* Effect.fromResult(UniqueSize.uniqueSize(yield* snapshot, items)))
})

const router = Router.make({
  home: "/",
  token: "/auth_token",
  status: "/status",
  unique_size: "/unique_size",
  events: "/events",
  live: "/health/live",
  ready: "/health/ready",
  images: "/images",
  image: "/images/:image",
  tags: "/images/:image/tags",
  tag: "/images/:image/tags/:tag",
  blobs: "/images/:image/tags/:tag/blobs",
  namespaces: "/namespaces",
  namespace: "/namespaces/:namespace"
})

const hasBody = (request: HttpServerRequest.HttpServerRequest) =>
  request.headers["transfer-encoding"] !== undefined || (request.headers["content-length"] ?? "0") !== "0"

/** Every resource is read with GET and HEAD; OPTIONS tells so. One is asked with POST. */
const reading = "GET, HEAD, OPTIONS"
const asking = "POST, OPTIONS"

const dispatch = (options: Options) => {
  const root = options.prefix ?? ""
  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    const target = yield* Effect.fromResult(parse(request.url, options.prefix))
    const [first, ...rest] = target.segments
    const collection = first?.text === "repositories" ? "repositories" : "images"
    const readings = router(first?.text === "repositories" ? [{ ...first, text: "images" }, ...rest] : target.segments)
    const name = readings[0]?.name
    const { eventsToken } = options
    if (name === undefined || (name === "events" && eventsToken === undefined)) {
      return yield* notFound("there is nothing at this path")
    }
    const allow = name === "unique_size" || name === "events" ? asking : reading
    if (request.method === "OPTIONS") return HttpServerResponse.empty({ status: 204, headers: { allow } })
    if (!allow.split(", ").includes(request.method)) return yield* methodNotAllowed(request.method, allow)
    if (name === "unique_size") return yield* uniqueSize(request)
    if (name === "events") return yield* events(request, eventsToken!)
    if (hasBody(request)) return yield* badRequest("a request to read takes no body")
    switch (name) {
      case "home":
        return yield* rendered(request, target, Effect.succeed(home(root, false)))
      case "token":
        return yield* login(request.headers["authorization"])
      case "live":
        return json({ status: "live" })
      case "ready":
        return yield* ready
      case "status":
        return yield* status(request, target, root)
      default:
        return yield* usage(
          request,
          target,
          root,
          `${root}/${collection}`,
          readings as ReadonlyArray<Router.Reading<Resources.Name>>
        )
    }
  })
}

const failed = new Problem({
  status: 500,
  title: "Internal Server Error",
  detail: "an unexpected error occurred; the server's log tells more"
})

/**
 * Answers a request. Whatever happens, there is an answer: a problem document where it is not the resource, and never a
 * stack.
 *
 * @category handlers
 * @since 0.1.0
 */
export const make = (
  options: Options = {}
): Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest | Authentication.Directory | Authentication.Tokens | Collector.Collector
> => {
  const answer = dispatch(options)
  return Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    answer(request).pipe(
      Effect.catchTag("Problem", (problem) => Effect.succeed(toResponse(problem))),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logError("a request failed unexpectedly", cause), toResponse(failed))
      ),
      Effect.map(HttpServerResponse.setHeader("x-content-type-options", "nosniff"))
    )
  )
}
