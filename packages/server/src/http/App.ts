/**
 * The HTTP API as one function from request to response.
 *
 * @since 0.1.0
 */
import { type Authentication, Collector, Hal } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { authorize } from "./Bearer.ts"
import { Draining } from "./Draining.ts"
import * as Html from "./Html.ts"
import { login } from "./Login.ts"
import { lookup } from "./Lookup.ts"
import { badRequest, methodNotAllowed, notFound, Problem, toResponse, unavailable } from "./Problem.ts"
import { MediaType, mediaTypeOf, renderingOf } from "./Rendering.ts"
import { type Segment, parse, type Target } from "./Target.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /** The path under which a reverse proxy publishes the API, such as `/registry`; it begins every link. Default none. */
  readonly prefix?: string | undefined
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

const usage = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  base: string,
  segments: ReadonlyArray<Segment>,
  target: Target
) {
  yield* authorize(request.headers["authorization"])
  const rendering = yield* Effect.fromResult(renderingOf(target.query))
  const mediaType = yield* Effect.fromResult(mediaTypeOf(request.headers["accept"]))
  const resource = yield* Effect.fromResult(lookup({ snapshot: yield* snapshot, base }, segments))
  const headers = { "cache-control": "private, no-cache", vary: "Accept, Authorization" }
  return mediaType === MediaType.html
    ? HttpServerResponse.text(Html.render(resource), {
        contentType: "text/html; charset=utf-8",
        headers: { ...headers, "content-security-policy": Html.contentSecurityPolicy }
      })
    : HttpServerResponse.text(JSON.stringify(Hal.render(resource, rendering)), {
        contentType: MediaType.hal,
        headers
      })
})

const hasBody = (request: HttpServerRequest.HttpServerRequest) =>
  request.headers["transfer-encoding"] !== undefined || (request.headers["content-length"] ?? "0") !== "0"

/** Every resource is read with GET and HEAD; OPTIONS tells so. */
const allow = "GET, HEAD, OPTIONS"

const dispatch = (options: Options) =>
  Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    const target = yield* Effect.fromResult(parse(request.url, options.prefix))
    const [first, ...rest] = target.segments
    const handler = handlerOf(options, request, target, first?.text, rest)
    if (handler === undefined) return yield* notFound("there is nothing at this path")
    if (request.method === "OPTIONS") return HttpServerResponse.empty({ status: 204, headers: { allow } })
    if (request.method !== "GET" && request.method !== "HEAD") return yield* methodNotAllowed(request.method, allow)
    if (hasBody(request)) return yield* badRequest("a request to read takes no body")
    return yield* handler
  })

const handlerOf = (
  options: Options,
  request: HttpServerRequest.HttpServerRequest,
  target: Target,
  first: string | undefined,
  rest: ReadonlyArray<Segment>
) => {
  if (first === "images" || first === "repositories") {
    return usage(request, `${options.prefix ?? ""}/${first}`, rest, target)
  }
  if (first === "auth_token" && rest.length === 0) return login(request.headers["authorization"])
  if (first === "health" && rest.length === 1) {
    if (rest[0]!.text === "live") return Effect.succeed(json({ status: "live" }))
    if (rest[0]!.text === "ready") return ready
  }
  return undefined
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
