/**
 * What a crawl asks a registry for: counted by kind, and recorded so that it can be asked again.
 */
import { Effect } from "effect"
import { HttpClient } from "effect/http"

/**
 * A request, and the status of its answer; 0 where there was none.
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
 * How many requests of each kind there are.
 */
export const counts = (requests: ReadonlyArray<Recorded>): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {}
  for (const request of requests) found[kindOf(request)] = (found[kindOf(request)] ?? 0) + 1
  return found
}

/**
 * The client of the context, with every request that it sends put into the list.
 */
export const recording = (into: Array<Recorded>) =>
  Effect.map(HttpClient.HttpClient, (client) =>
    HttpClient.transform(client, (effect, request) => {
      const { headers, method, url } = request
      const recorded: Recorded = { method, url: new URL(url), headers: { ...headers }, status: 0 }
      into.push(recorded)
      return Effect.tap(effect, ({ status }) => {
        recorded.status = status
        return Effect.void
      })
    })
  )
