/**
 * One request and its answer, bounded in time and bytes, and tried again where that may help.
 *
 * @since 0.1.0
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Clock, Duration, Effect, Option, Schedule } from "effect"
import {
  FetchHttpClient,
  Headers,
  HttpBody,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse,
  UrlParams
} from "effect/http"
import * as Body from "./Body.ts"
import { type Answer, broken, transient } from "./classify.ts"
import { display } from "./Origins.ts"

/**
 * The bounds of every exchange.
 *
 * @category options
 * @since 0.1.0
 */
export interface Bounds {
  /** One attempt, from the connection to the last byte. Default 30 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** How often a request is repeated that failed in a way that may pass. Default 4. */
  readonly retries?: number | undefined
  /** After this time no further attempt begins. Default 2 minutes. */
  readonly deadline?: Duration.Input | undefined
  /** The longest pause before a further attempt: when the server asks for a longer one, the request fails. Default 1 minute. */
  readonly maxPause?: Duration.Input | undefined
}

/**
 * A request: `maxBytes` bounds the body of its answer. `redirects` follows that many redirects, without
 * `Authorization` where they leave the origin; without it a redirect is the answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: "GET" | "HEAD" | "DELETE"
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly maxBytes: number
  readonly redirects?: number | undefined
}

/**
 * Why there is no answer.
 *
 * @category errors
 * @since 0.1.0
 */
export type Failure = Registry.Unreachable | Registry.RateLimited | Registry.Malformed | Registry.Unsafe

/**
 * Sends requests.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange {
  /** The answer, whatever its status, unless it is one that may pass and did not. */
  readonly send: (request: Request) => Effect.Effect<Answer, Failure>
}

const isTransient = (failure: Failure): failure is Registry.Unreachable | Registry.RateLimited =>
  failure._tag === "Unreachable" || failure._tag === "RateLimited"

/** The pause before a further attempt that the server asked for, in milliseconds. */
const asked = (failure: Failure): number => (failure._tag === "RateLimited" ? (failure.retryAfter ?? 0) : 0)

const nothing = new Uint8Array(0)

type Execute = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError | Registry.Unsafe>

/** Follows redirects, but none from https to http, which would show the request to everybody on the way. */
const following = (client: HttpClient.HttpClient, request: Request): Execute => {
  if (request.redirects === undefined) return client.execute
  if (request.url.protocol !== "https:") return HttpClient.followRedirects(client, request.redirects).execute
  const secure = HttpClient.transform(client, (effect, { url }): ReturnType<Execute> =>
    url.startsWith("https:")
      ? effect
      : Effect.fail(new Registry.Unsafe({ detail: "a redirect leads from https to another scheme" }))
  )
  return HttpClient.followRedirects(secure, request.redirects).execute
}

/**
 * Exchanges over the client of the context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  bounds: Bounds
): Effect.fn.Return<Exchange, never, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const timeout = Duration.fromInputUnsafe(bounds.timeout ?? "30 seconds")
  const maxPause = Duration.toMillis(bounds.maxPause ?? "1 minute")
  const slow = `did not answer within ${Duration.format(timeout)}`

  // Exponential pauses with jitter, so that requests which failed together do not come back together.
  const schedule = Schedule.exponential("250 millis").pipe(
    Schedule.jittered,
    Schedule.setInputType<Failure>(),
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.succeed(Math.min(Math.max(Duration.toMillis(duration), asked(input)), maxPause))
    ),
    Schedule.upTo({ times: bounds.retries ?? 4, duration: bounds.deadline ?? "2 minutes" })
  )

  const execute = (request: Request): Effect.Effect<Answer, Failure> => {
    const from = display(request.url)
    const outgoing = HttpClientRequest.makeWith(
      request.method,
      request.url.href,
      UrlParams.empty,
      Option.none(),
      Headers.fromRecordUnsafe(request.headers),
      HttpBody.empty
    )
    return following(
      client,
      request
    )(outgoing).pipe(
      Effect.flatMap((response) => {
        const { status } = response
        const headers = response.headers
        return request.method === "HEAD"
          ? Effect.succeed({ from, status, headers, body: nothing })
          : Effect.map(Body.read(response, headers, request.maxBytes), (body) => ({ from, status, headers, body }))
      }),
      Effect.catchTag("HttpClientError", (error) => Effect.fail(broken(from, error))),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => Effect.fail(new Registry.Unreachable({ detail: `${from} ${slow}` }))
      })
    )
  }

  const attempt = (request: Request): Effect.Effect<Answer, Failure> =>
    Effect.flatMap(execute(request), (answer) =>
      answer.status < 400
        ? Effect.succeed(answer)
        : Effect.flatMap(Clock.currentTimeMillis, (now) => {
            const reason = transient(answer, now)
            return reason === undefined ? Effect.succeed(answer) : Effect.fail(reason)
          })
    )

  return {
    send: (request) =>
      attempt(request).pipe(
        Effect.retry({ schedule, while: (failure) => isTransient(failure) && asked(failure) <= maxPause }),
        // A span of each request would take time and could hold the signature of a redirect; the operations have spans.
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" })
      )
  }
})
