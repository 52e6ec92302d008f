/** `/metrics`: who may read them. They list the names of projects. */
import { type Authentication, type Collector, Secret } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import * as Metrics from "../../Metrics.ts"
import { authorize, bearsSecret } from "../auth/Bearer.ts"
import type { Response, Request } from "../wire/Message.ts"
import type { Problem } from "../wire/Problem.ts"

export interface Options {
  /** A token for `/metrics`, beside those of users. Default none. */
  readonly metricsToken?: Secret.Secret | undefined
  /** What `/metrics` shows. */
  readonly metrics?: Metrics.Options | undefined
}

const contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

/** The metrics as OpenMetrics text. */
export const exposition = (options?: Metrics.Options): Effect.Effect<Response, never, Collector.Collector> =>
  Effect.map(Metrics.render(options), (body): Response => ({
    status: 200,
    headers: { "content-type": contentType, "cache-control": "no-store" },
    body
  }))

/** The metrics, for the token of a user or the one that is made for them. */
export const metrics = Effect.fnUntraced(function* (
  request: Request,
  { metrics, metricsToken }: Options
): Effect.fn.Return<Response, Problem, Authentication.Tokens | Collector.Collector> {
  const secret = metricsToken === undefined ? undefined : yield* Secret.current(metricsToken)
  if (secret === undefined || !bearsSecret(secret, request.headers.authorization)) yield* authorize(request)
  return yield* exposition(metrics)
})
