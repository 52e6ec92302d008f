/** `/health/…`: whether the server responds, and whether it has something to serve. */
import { Collector } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { Draining } from "../wire/Draining.ts"
import { json, type Request, type Response, toResponse } from "../wire/Message.ts"
import { methodNotAllowed, notFound, type Problem, unavailable } from "../wire/Problem.ts"

/** The process responds. */
export const live: Effect.Effect<Response> = Effect.succeed(json({ status: "live" }))

/** There is a snapshot to serve, and the server is not stopping. Fails with 503 otherwise. */
export const ready: Effect.Effect<Response, Problem, Collector.Collector> = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  if ((yield* Draining)()) return yield* unavailable("the server is stopping", 5)
  const snapshot = yield* collector.current
  if (Option.isNone(snapshot)) return yield* unavailable("the registry has not been crawled yet", 5)
  return json({ status: "ready", stale: snapshot.value.stale })
})

const endpoints: Readonly<Record<string, { readonly route: string; readonly response: typeof ready }>> = {
  "/health/live": { route: "live", response: live },
  "/health/ready": { route: "ready", response: ready }
}

/** Answers a request on the port for health checks, which has nothing else. */
export const health = (request: Request): Effect.Effect<Response, never, Collector.Collector> =>
  Effect.gen(function* () {
    const endpoint = endpoints[request.url.replace(/\?.*$/s, "")]
    if (endpoint === undefined) return yield* notFound("here are /health/live and /health/ready only")
    request.note.route = endpoint.route
    if (request.method !== "GET" && request.method !== "HEAD")
      return yield* methodNotAllowed(request.method, "GET, HEAD")
    return yield* endpoint.response
  }).pipe(Effect.catchTag("Problem", (problem) => Effect.succeed(toResponse(problem))))
