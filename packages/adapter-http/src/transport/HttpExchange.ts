/** One request and its response, bounded in time and bytes, and tried again where that may help. */
import { Registry } from "@gitlab-registry-usage/core"
import { Clock, Context, Duration, Effect, Option, Schedule, Semaphore } from "effect"
import { FetchHttpClient, Headers, HttpBody, HttpClient, HttpClientRequest, UrlParams } from "effect/http"
import { type Decode, decodeBody } from "./ContentCoding.ts"
import type * as Concurrency from "./Concurrency.ts"
import * as Hosts from "./Hosts.ts"
import { withoutSecrets } from "./RequestUrl.ts"
import { connectionReason, transientReason } from "./Failure.ts"
import { type HttpResponse, readBody } from "./HttpResponse.ts"

/** The bounds of every exchange. */
export interface Bounds {
  /** One attempt, from the connection to the last byte; four times as long for a page of the catalog. Default 30 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** How often a request is repeated that failed in a way that may pass. Default 4. */
  readonly retries?: number | undefined
  /** After this time no further attempt begins. Default 2 minutes, or twice the timeout where that is longer. */
  readonly deadline?: Duration.Input | undefined
  /** The longest pause before a further attempt: when the server asks for a longer one, the request fails. Default 1 minute. */
  readonly maxPause?: Duration.Input | undefined
  /**
   * Undoes a content coding, such as that of `@gitlab-registry-usage/adapter-http/node`. Default: none, for a client that
   * undoes them itself, as fetch does. None is requested, but a proxy may compress all the same.
   */
  readonly decode?: Decode | undefined
  /** Requests under way at once to each host: the registry, its token service and its storage each have their own. */
  readonly concurrency?: Concurrency.Options | undefined
}

/**
 * A request: `maxBytes` bounds the body of its answer. `redirects` follows that many redirects, without
 * `Authorization` where they leave the origin; without it a redirect is the answer.
 */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "DELETE"
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly maxBytes: number
  readonly redirects?: number | undefined
  /** How many times the usual timeout an attempt may take. Default 1. */
  readonly patience?: number | undefined
}

/** Why there is no answer. */
export type Failure = Hosts.Failure

const isTransient = (reason: Failure): boolean =>
  reason._tag === "Unreachable" || reason._tag === "RateLimited" || reason._tag === "ServerError"

/** The pause that the server requested before a further attempt, in milliseconds. */
const requestedPause = (reason: Failure): number => (reason._tag === "RateLimited" ? (reason.retryAfter ?? 0) : 0)

const nothing = new Uint8Array(0)

/** URLs that are remembered for their errors. */
const maxFailing = 20_000

/**
 * Settings of the client. A span for each request would take time and could hold the signature of a redirect; the
 * operations have spans. Redirects are followed here, because the client does not know where a token may go.
 */
const quietly = Context.make(HttpClient.TracerDisabledWhen, () => true).pipe(
  Context.add(FetchHttpClient.RequestInit, { redirect: "manual" })
)

/** Requests that take about the same time: those for the same part of the registry's API with the same method. */
const requestKind = ({ method, url }: HttpRequest): string =>
  `${method} ${/\/(?:manifests|blobs|tags|_catalog)(?:\/|$)/.exec(url.pathname)?.[0] ?? ""}`

/**
 * The request that a redirect leads to: `Unsafe` from https to http, which would show it to everybody on the way;
 * `undefined` where the answer is no redirect that can be followed.
 */
const redirected = (request: HttpRequest, response: HttpResponse): HttpRequest | Registry.Unsafe | undefined => {
  const { location } = response.headers
  if (response.status < 300 || response.status >= 400 || location === undefined) return undefined
  if (!request.redirects || request.method === "DELETE" || !URL.canParse(location, request.url.href)) return undefined
  const url = new URL(location, request.url)
  if (request.url.protocol === "https:" ? url.protocol !== "https:" : !/^https?:$/.test(url.protocol)) {
    return new Registry.Unsafe({
      detail: `a redirect leads from ${request.url.protocol.slice(0, -1)} to another scheme`
    })
  }
  const { authorization: _, ...others } = request.headers
  const isSame = url.origin === request.url.origin
  return { ...request, url, headers: isSame ? request.headers : others, redirects: request.redirects - 1 }
}

/** Sends requests. */
export type HttpExchange = Effect.Success<ReturnType<typeof make>>

/** Exchanges over the client of the context. */
export const make = Effect.fnUntraced(function* (bounds: Bounds) {
  const client = yield* HttpClient.HttpClient
  const timeout = Duration.fromInputUnsafe(bounds.timeout ?? "30 seconds")
  const deadline = Duration.toMillis(bounds.deadline ?? Duration.max(Duration.minutes(2), Duration.times(timeout, 2)))
  const maxPause = Duration.toMillis(bounds.maxPause ?? "1 minute")
  const hosts = Hosts.make({ concurrency: bounds.concurrency ?? {}, maxPause })
  const large = Semaphore.makeUnsafe(1)
  /** The URLs that the registry answered last with an error of its own, as it does for a damaged tag in every crawl. */
  const failing = new Set<string>()

  const rememberFailing = (from: string) => {
    const [oldest] = failing
    if (failing.size >= maxFailing && oldest !== undefined) failing.delete(oldest)
    failing.add(from)
  }

  // Exponential pauses with jitter, so that requests which failed together do not come back together.
  const schedule = Schedule.exponential("250 millis").pipe(
    Schedule.jittered,
    Schedule.setInputType<Hosts.Failed>(),
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.succeed(Math.min(Math.max(Duration.toMillis(duration), requestedPause(input.reason)), maxPause))
    ),
    Schedule.upTo({ times: bounds.retries ?? 4, duration: deadline })
  )

  const plain = (body: Uint8Array, headers: Headers.Headers, maxBytes: number) => {
    const coding = headers["content-encoding"]
    return bounds.decode === undefined || coding === undefined || body.length === 0
      ? Effect.succeed(body)
      : decodeBody(body, coding, maxBytes, bounds.decode)
  }

  const failed = (reason: Failure, overload: boolean): Hosts.Failed => ({
    reason,
    final: !isTransient(reason) || requestedPause(reason) > maxPause,
    overload
  })

  const execute = (request: HttpRequest, from: string): Effect.Effect<HttpResponse, Hosts.Failed> => {
    const duration = Duration.times(timeout, request.patience ?? 1)
    const outgoing = HttpClientRequest.makeWith(
      request.method,
      request.url.href,
      UrlParams.empty,
      Option.none(),
      Headers.fromRecordUnsafe(request.headers),
      HttpBody.empty
    )
    return client.execute(outgoing).pipe(
      Effect.flatMap((response) => {
        const { headers, status } = response
        // Neither has a body (RFC 9110, section 6.4.1), and fetch fails to read what is not there.
        if (request.method === "HEAD" || status === 304) return Effect.succeed({ from, status, headers, body: nothing })
        return readBody(response, headers, request.maxBytes, large).pipe(
          Effect.flatMap((body) => plain(body, headers, request.maxBytes)),
          Effect.map((body) => ({ from, status, headers, body }))
        )
      }),
      Effect.mapError((error) => {
        const reason = error._tag === "HttpClientError" ? connectionReason(from, error) : error
        return failed(reason, reason._tag === "Unreachable")
      }),
      Effect.timeoutOrElse({
        duration,
        orElse: () => {
          const detail = `${from} did not answer within ${Duration.format(duration)}`
          return Effect.fail(failed(new Registry.Unreachable({ detail }), true))
        }
      })
    )
  }

  const attempt = (request: HttpRequest, from: string, clock: Clock.Clock): Effect.Effect<HttpResponse, Hosts.Failed> =>
    Effect.flatMap(execute(request, from), (response) => {
      const reason = response.status < 400 ? undefined : transientReason(response, clock.currentTimeMillisUnsafe())
      if (reason === undefined) return Effect.succeed(response)
      // An error of the registry's own is about this one request.
      return Effect.fail(failed(reason, reason._tag !== "ServerError"))
    })

  /** One request with all its attempts. */
  const exchange = (request: HttpRequest, clock: Clock.Clock): Effect.Effect<HttpResponse, Failure> => {
    const from = withoutSecrets(request.url)
    const host = hosts(request.url)
    let last: Failure | undefined
    const turn = {
      clock,
      kind: requestKind(request),
      latest: clock.currentTimeMillisUnsafe() + deadline,
      last: () => last
    }
    let isLost = false
    return host.attempt(turn, attempt(request, from, clock)).pipe(
      Effect.mapError((failure) => {
        const { reason } = failure
        // The error of the registry's own that is repeated is no accident.
        const isRepeated = reason._tag === "ServerError" && (last?._tag === "ServerError" || failing.has(from))
        last = reason
        if (reason._tag === "Unreachable" || reason._tag === "ServerError") isLost = true
        return isRepeated ? { ...failure, final: true } : failure
      }),
      Effect.retry({ schedule, while: (failure) => !failure.final }),
      Effect.mapError(({ reason }) => {
        host.gaveUp(reason, clock.currentTimeMillisUnsafe())
        if (reason._tag === "ServerError") rememberFailing(from)
        return reason
      }),
      Effect.map((response) => {
        failing.delete(from)
        // The response to an earlier attempt was lost, not its request: the deletion has succeeded.
        return request.method === "DELETE" && isLost && response.status === 404
          ? { from, status: 202, headers: Headers.empty, body: nothing }
          : response
      })
    )
  }

  /**
   * Each step of a redirect is a request to its own host, with attempts of its own. `origin` is that of the first: what
   * another one demands is no challenge of the registry.
   */
  const follow = (request: HttpRequest, clock: Clock.Clock, origin: string): Effect.Effect<HttpResponse, Failure> =>
    request.redirects === undefined
      ? exchange(request, clock)
      : Effect.flatMap(exchange(request, clock), (response) => {
          if (response.status === 401 && request.url.origin !== origin) {
            const detail = `${response.from}, where a redirect leads, wants credentials and gets none`
            return Effect.fail(new Registry.Unsafe({ detail }))
          }
          const next = redirected(request, response)
          if (next === undefined) return Effect.succeed(response)
          return "_tag" in next ? Effect.fail(next) : follow(next, clock, origin)
        })

  return {
    /**
     * The response, whatever its status, unless it is one that may pass and did not. It waits for the request's turn; where
     * the host does not answer any more, it fails at once.
     */
    send: (request: HttpRequest) =>
      Effect.provideContext(
        Clock.clockWith((clock) => follow(request, clock, request.url.origin)),
        quietly
      )
  }
})
