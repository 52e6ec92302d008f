/** Faults for tests: other responses to some requests. */
import { type Duration, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Request } from "./Route.ts"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse>

/** A fault. `answer` gets the effect of the normal response, which changes nothing unless it runs. */
export interface Fault {
  readonly on: (request: Request) => boolean
  /** How many requests the fault applies to. Default: all. */
  readonly times?: number | undefined
  readonly answer: (answer: Answer, request: Request) => Answer
}

/** Responds with a status, and optionally headers and a body. */
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

/** Delays the normal response. */
export const delay =
  (duration: Duration.Input): Fault["answer"] =>
  (answer) =>
    Effect.delay(answer, duration)

/** Responds with the normal status and headers and another body; `Content-Length` is that of the body. */
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
