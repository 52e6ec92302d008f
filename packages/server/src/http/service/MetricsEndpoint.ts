/** `/metrics`: who may read them. They list the names of projects. */
import { type Authentication, type Collector, OpenMetrics, Secret } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import Negotiator from "negotiator"
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

/** The formats of the metrics; the first is the default. */
const formats = [
  { contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8", render: OpenMetrics.render },
  { contentType: "text/plain; version=0.0.4; charset=utf-8", render: OpenMetrics.renderOlder }
]

/** The media types that a scraper may ask for, each with its format: a reader of a version reads the other as well. */
const offered: Readonly<Record<string, number>> = {
  "application/openmetrics-text; version=1.0.0": 0,
  "application/openmetrics-text; version=0.0.1": 0,
  "text/plain; version=0.0.4": 1,
  "text/plain; version=1.0.0": 1
}

/** How a scraper wants names and characters written: all names are ASCII, so that each way is the same. */
const spelling = /;\s*(?:escaping|charset)\s*=\s*(?:"[^"]*"|[^\s;,"]*)/gi

/** OpenMetrics, unless `Accept` prefers the older format (RFC 9110, section 12.5.1). No scraper is refused. */
const formatFor = (accept: string | undefined) => {
  const negotiator = new Negotiator({ headers: { accept: accept?.replaceAll(spelling, "") } })
  return formats[offered[negotiator.mediaType(Object.keys(offered)) ?? ""] ?? 0]!
}

/** The metrics in the format that the request prefers. */
export const exposition = (
  { headers }: Pick<Request, "headers">,
  options?: Metrics.Options
): Effect.Effect<Response, never, Collector.Collector> =>
  Effect.map(Metrics.families(options), (families): Response => {
    const { contentType, render } = formatFor(headers.accept)
    return {
      status: 200,
      headers: { "content-type": contentType, "cache-control": "no-store", vary: "Accept" },
      body: render(families)
    }
  })

/** The metrics, for the token of a user or the one that is made for them. */
export const metrics = Effect.fnUntraced(function* (
  request: Request,
  { metrics, metricsToken }: Options
): Effect.fn.Return<Response, Problem, Authentication.Tokens | Collector.Collector> {
  const secret = metricsToken === undefined ? undefined : yield* Secret.current(metricsToken)
  if (secret === undefined || !bearsSecret(secret, request.headers.authorization)) yield* authorize(request)
  return yield* exposition(request, metrics)
})
