/**
 * The rate limit of GitLab's REST API.
 *
 * Source: GitLab, "User and IP rate limits", "Response headers".
 */
import { Clock, Duration, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { RegistryProblem } from "../http/RegistryProblem.ts"

/** At most `requests` in each `period`. All clients share the start of the periods. */
export interface RateLimit {
  readonly requests: number
  readonly period: Duration.Input
}

/** Adds the headers with the remaining requests to the response, or responds with 429 and a text. */
export const make = (
  limit: RateLimit | undefined
): ((
  answer: Effect.Effect<HttpServerResponse.HttpServerResponse, RegistryProblem>
) => Effect.Effect<HttpServerResponse.HttpServerResponse, RegistryProblem>) => {
  if (limit === undefined) return (answer) => answer
  const period = Duration.toMillis(limit.period)
  let window = -1
  let observed = 0
  return Effect.fnUntraced(function* (answer) {
    const now = yield* Clock.currentTimeMillis
    const current = Math.floor(now / period)
    observed = current === window ? observed + 1 : 1
    window = current
    const reset = Math.ceil(((current + 1) * period) / 1000)
    const headers = {
      "ratelimit-limit": String(limit.requests),
      "ratelimit-name": "throttle_authenticated_api",
      "ratelimit-observed": String(observed),
      "ratelimit-remaining": String(Math.max(limit.requests - observed, 0)),
      "ratelimit-reset": String(reset)
    }
    if (observed <= limit.requests) return HttpServerResponse.setHeaders(yield* answer, headers)
    return HttpServerResponse.text("Retry later\n", {
      status: 429,
      headers: { ...headers, "retry-after": String(Math.max(Math.ceil(reset - now / 1000), 1)) }
    })
  })
}
