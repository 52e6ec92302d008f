/**
 * Requests as the embedded registry sees them, and the routes that answer them.
 *
 * Names of repositories hold slashes, so a route matches the whole decoded path itself.
 */
import { Effect, Result } from "effect"
import { type Headers, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type RegistryProblem, toResponse } from "./RegistryProblem.ts"

/**
 * A request that a route matched. `kind` is the route's, and `other` where no route matched; `path` is decoded, and
 * `url` is what was asked for, with the query and without the origin.
 */
export interface Request {
  readonly kind: string
  readonly method: string
  readonly url: string
  readonly path: string
  readonly parameters: URLSearchParams
  readonly headers: Headers.Headers
  readonly repository?: string | undefined
  /** A tag or a digest. */
  readonly reference?: string | undefined
}

export type Handler = (request: Request) => Effect.Effect<HttpServerResponse.HttpServerResponse, RegistryProblem>

/**
 * A kind of path, and a handler for each method that it knows.
 */
export interface Route {
  readonly kind: string
  /** Matches the whole path; its named groups are `repository` and `reference`. */
  readonly path: RegExp
  readonly methods: Readonly<Record<string, Handler>>
}

/** An answer of Go's own router, in plain text. */
const plain = (status: number, text: string, headers: Record<string, string> = {}) =>
  Effect.succeed(HttpServerResponse.text(`${text}\n`, { status, headers }))

const parse = (request: HttpServerRequest.HttpServerRequest): Request => {
  const [raw = "", query = ""] = request.url.split(/\?(.*)/s)
  return {
    kind: "other",
    method: request.method,
    url: request.url,
    path: Result.getOrElse(
      Result.try(() => decodeURIComponent(raw)),
      () => ""
    ),
    parameters: new URLSearchParams(query),
    headers: request.headers
  }
}

/**
 * The app of these routes, the first that matches wins. `around` sees every request with the answer it would get.
 */
export const serve = (
  routes: ReadonlyArray<Route>,
  around: (
    request: Request,
    answer: Effect.Effect<HttpServerResponse.HttpServerResponse>
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (received) => {
    const request = parse(received)
    for (const { kind, methods, path } of routes) {
      const match = path.exec(request.path)
      if (match === null) continue
      const matched = { ...request, ...match.groups, kind }
      const handler = methods[request.method]
      return around(
        matched,
        handler === undefined
          ? plain(405, "Method Not Allowed", { allow: Object.keys(methods).join(", ") })
          : Effect.catch(handler(matched), (problem) => Effect.succeed(toResponse(problem)))
      )
    }
    return around(request, request.path === "" ? plain(400, "Bad Request") : plain(404, "404 page not found"))
    // The server runs an app uninterruptibly: without this, an answer that never comes would outlive its client.
  }).pipe(Effect.interruptible)
