/** The HTTP client for the registry and GitLab, with metrics of its requests. */
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import * as Metrics from "../Metrics.ts"

/** The kind of a request, from its path. Labels contain no names. */
const endpoint = (url: string): string => {
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

/** Counts each request by kind and status. The code of a request without a response is `none`. */
export const layer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.transform((response, { url }) => {
      const count = (code: string) => Metrics.count(Metrics.upstreamRequests, { endpoint: endpoint(url), code })
      return response.pipe(
        Effect.tap(({ status }) => count(String(status))),
        Effect.tapError(() => count("none"))
      )
    })
  )
)
