/** The HTTP client towards the registry and GitLab, which counts what it asks. */
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import * as Metrics from "./Metrics.ts"

/** What a request is for, by its path; names are no labels. */
const endpointOf = (url: string): string => {
  const path = url.replace(/^\w+:\/\/[^/]*/, "").replace(/[?#].*$/s, "")
  if (path.endsWith("/v2/_catalog")) return "catalog"
  if (path.endsWith("/tags/list")) return "tags"
  if (path.includes("/manifests/")) return "manifest"
  if (path.includes("/blobs/")) return "blob"
  if (path.endsWith("/v2/") || path.endsWith("/v2")) return "version"
  if (path.includes("/gitlab/v1/")) return "gitlab_metadata"
  if (path.includes("/api/v4/")) return "gitlab_api"
  return path.endsWith("/jwt/auth") || path.includes("token") ? "token" : "other"
}

/** Counts each request by kind and status; what got no answer has the code `none`. */
export const layer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.transform((answer, { url }) => {
      const count = (code: string) => Metrics.count(Metrics.upstreamRequests, { endpoint: endpointOf(url), code })
      return answer.pipe(
        Effect.tap(({ status }) => count(String(status))),
        Effect.tapError(() => count("none"))
      )
    })
  )
)
