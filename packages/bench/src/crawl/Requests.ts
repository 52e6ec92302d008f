/**
 * The requests of a crawl: counted by kind, and recorded so that they can be sent again.
 */
import { Array, Effect, Record } from "effect"
import { HttpClient } from "effect/http"

/**
 * A request, and the status of its response; 0 without a response.
 */
export interface Recorded {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  status: number
}

/**
 * What a request is for.
 */
export type Kind =
  | "token"
  | "probe for GitLab's API"
  | "catalog page"
  | "tag list"
  | "manifest by tag"
  | "manifest by digest"
  | "tag asked for changes"
  | "other"

/**
 * The kind of a request to a registry or to its token service.
 */
export const kindOf = ({ headers, method, url }: Recorded): Kind => {
  const { pathname } = url
  if (pathname.endsWith("/_catalog")) return "catalog page"
  if (pathname.endsWith("/tags/list")) return "tag list"
  if (pathname.includes("/manifests/sha256:")) return "manifest by digest"
  if (pathname.includes("/manifests/")) {
    return method === "HEAD" || headers["if-none-match"] !== undefined ? "tag asked for changes" : "manifest by tag"
  }
  if (pathname.startsWith("/gitlab/v1/"))
    return pathname.endsWith("/tags/list/") ? "tag list" : "probe for GitLab's API"
  return pathname.startsWith("/v2/") ? "other" : "token"
}

/**
 * The number of requests of each kind.
 */
export const counts = (requests: ReadonlyArray<Recorded>): Readonly<Record<string, number>> =>
  Record.map(
    Array.groupBy(requests, (request): string => kindOf(request)),
    ({ length }) => length
  )

/**
 * The client, which adds every request that it sends to the list.
 */
export const recording = (client: HttpClient.HttpClient, requests: globalThis.Array<Recorded>): HttpClient.HttpClient =>
  HttpClient.transform(client, (effect, { headers, method, url }) => {
    const recorded: Recorded = { method, url: new URL(url), headers: { ...headers }, status: 0 }
    requests.push(recorded)
    return Effect.tap(effect, ({ status }) => Effect.sync(() => (recorded.status = status)))
  })
