/**
 * Faults for tests: what some requests are answered instead of the truth.
 */
import { type Duration, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Request } from "./Route.ts"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse>

/**
 * A fault. `answer` gets the true answer, which has no effect unless it is run.
 */
export interface Fault {
  readonly on: (request: Request) => boolean
  /** How many requests it meets. Default: all. */
  readonly times?: number | undefined
  readonly answer: (answer: Answer, request: Request) => Answer
}

/**
 * Answers with a status and perhaps headers and a body.
 */
export const status =
  (
    status: number,
    options?: { readonly headers?: Record<string, string> | undefined; readonly body?: string | undefined }
  ): Fault["answer"] =>
  () =>
    Effect.succeed(
      options?.body === undefined
        ? HttpServerResponse.empty({ status, headers: options?.headers ?? {} })
        : HttpServerResponse.text(options.body, { status, headers: options.headers ?? {} })
    )

/**
 * Answers the truth, later.
 */
export const delay =
  (duration: Duration.Input): Fault["answer"] =>
  (answer) =>
    Effect.delay(answer, duration)

/**
 * Answers with the status and headers of the truth and another body, of the length it really has.
 */
export const garbage =
  (body: string): Fault["answer"] =>
  (answer) =>
    Effect.map(answer, (response) => {
      const { "content-length": _, "content-type": contentType, ...headers } = response.headers
      return HttpServerResponse.text(body, {
        status: response.status,
        headers,
        contentType: contentType ?? "application/json"
      })
    })
