/** A response, its body within a limit, and its JSON. */
import { IssueText, Registry } from "@gitlab-registry-usage/core"
import { Effect, Result, Schema, type Semaphore, Stream } from "effect"
import type { Headers, HttpClientError, HttpClientResponse } from "effect/http"

/** The response to a request: `from` is the URL without secrets. */
export interface HttpResponse {
  readonly from: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: Uint8Array
}

const tooLarge = (limit: number) =>
  new Registry.TooLarge({ detail: `the answer is larger than the limit of ${limit} bytes` })

/** The declared length where nothing but the body's own bytes can follow, so that it is also their bound. */
const plainLength = (headers: HttpClientResponse.HttpClientResponse["headers"]): number =>
  headers["content-encoding"] === undefined && /^\d{1,15}$/.test(headers["content-length"] ?? "")
    ? Number(headers["content-length"])
    : Infinity

/** Bodies above this many bytes are read one at a time, so that large listings do not add up. */
const largeBody = 1024 * 1024

/**
 * The bytes of the body, `TooLarge` as soon as there are more than `limit` of them, counted after decompression where
 * the client decompresses. The connection is closed then, and kept otherwise. `large` admits the large bodies.
 */
export const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  headers: HttpClientResponse.HttpClientResponse["headers"],
  limit: number,
  large: Semaphore.Semaphore
): Effect.Effect<Uint8Array, Registry.TooLarge | HttpClientError.HttpClientError> => {
  // HTTP/1.1 and HTTP/2 parsers end a body at its declared length, so the shorter way is as safe for most answers.
  if (plainLength(headers) <= Math.min(limit, largeBody))
    return Effect.map(response.arrayBuffer, (buffer) => new Uint8Array(buffer))
  return Effect.suspend(() => {
    let length = 0
    let isAdmitted = false
    const admit = Effect.uninterruptibleMask((restore) =>
      Effect.map(restore(large.take(1)), () => {
        isAdmitted = true
      })
    )
    return response.stream.pipe(
      Stream.tap((chunk) => {
        length += chunk.length
        if (length > limit) return Effect.fail(tooLarge(limit))
        return length > largeBody && !isAdmitted ? admit : Effect.void
      }),
      Stream.mkUint8Array,
      Effect.ensuring(Effect.suspend(() => (isAdmitted ? large.release(1) : Effect.void)))
    )
  })
}

/**
 * Whether the response is a web page, such as the sign-in page of a proxy or GitLab.
 */
export const isHtml = (contentType: string | undefined): boolean =>
  /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? "")

/** The refusal of a web page. */
export const unexpectedHtml = ({ from, status }: HttpResponse): Registry.Malformed =>
  new Registry.Malformed({
    detail: `${from} answers with a web page, perhaps to sign in, where a registry does not: is the URL right?`,
    status
  })

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Decodes JSON bodies of one shape. Any other body is `Malformed`; the error does not quote it. */
export const decodeJson = <A>(
  schema: Schema.Codec<A, unknown>,
  what: string
): ((response: HttpResponse) => Result.Result<A, Registry.Malformed>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (response) =>
    Result.try({
      try: () => JSON.parse(decoder.decode(response.body)) as unknown,
      catch: () =>
        isHtml(response.headers["content-type"])
          ? unexpectedHtml(response)
          : new Registry.Malformed({ detail: `${what} is not JSON` })
    }).pipe(
      Result.flatMap((value) =>
        Result.mapError(
          decode(value),
          ({ issue }) => new Registry.Malformed({ detail: `${what} is not as expected: ${IssueText.issueText(issue)}` })
        )
      )
    )
}
