/**
 * The requests of the embedded registry, and its routes.
 *
 * Repository names contain slashes, so a route matches the whole decoded path.
 */
import { Effect, Result } from "effect"
import { type Headers, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type RegistryProblem, toResponse } from "./RegistryProblem.ts"

/**
 * A request. `kind` is that of the matching route, `other` if no route matches. `path` is decoded. `url` is the path
 * and the query as sent.
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

/** A kind of path, and a handler for each supported method. */
export interface Route {
  readonly kind: string
  /** Matches the whole path; its named groups are `repository` and `reference`. */
  readonly path: RegExp
  readonly methods: Readonly<Record<string, Handler>>
}

/** A plain-text response like those of Go's router. */
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
 * The app of these routes; the first matching route handles a request. `around` gets every request and the effect of
 * its response.
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
    // effect's server runs apps uninterruptibly. Interruptible, a response that never comes ends with its client.
  }).pipe(Effect.interruptible)
