/**
 * `/metrics`: who may read them. They list the names of projects.
 *
 * @since 0.1.0
 */
import type { Authentication, Collector } from "@gitlab-registry-usage/core"
import { Effect, Redacted } from "effect"
import { hash, timingSafeEqual } from "node:crypto"
import * as Metrics from "../../Metrics.ts"
import type * as App from "../App.ts"
import { authorize, bearerOf } from "../auth/Bearer.ts"
import type { Answer, Request } from "../wire/Message.ts"
import type { Problem } from "../wire/Problem.ts"

const contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

/**
 * The metrics, for whoever may read them.
 *
 * @category handlers
 * @since 0.1.0
 */
export const exposition = (options?: Metrics.Options): Effect.Effect<Answer, never, Collector.Collector> =>
  Effect.map(Metrics.render(options), (body): Answer => ({
    status: 200,
    headers: { "content-type": contentType, "cache-control": "no-store" },
    body
  }))

const digest = (text: string) => hash("sha256", text, "buffer")

/**
 * The metrics, for the token of a user or the one that is made for them.
 *
 * @category handlers
 * @since 0.1.0
 */
export const metrics = ({
  metrics,
  metricsToken
}: App.Options): ((
  request: Request
) => Effect.Effect<Answer, Problem, Authentication.Tokens | Collector.Collector>) => {
  const expected = metricsToken === undefined ? undefined : digest(Redacted.value(metricsToken))
  return Effect.fnUntraced(function* (request: Request) {
    const token = bearerOf(request.headers.authorization)
    // Digests have one length, and comparing them takes one time.
    if (expected === undefined || token === undefined || !timingSafeEqual(digest(token), expected)) {
      yield* authorize(request)
    }
    return yield* exposition(metrics)
  })
}
