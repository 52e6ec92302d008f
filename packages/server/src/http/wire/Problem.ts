/**
 * What the API answers instead of a resource: problem documents (RFC 9457).
 *
 * @since 0.1.0
 */
import { Data } from "effect"
import { ProblemDetails } from "effect/http"
import type { Answer } from "./Message.ts"

/**
 * A request that cannot be answered as asked. `detail` is for the sender: it tells what to do, and no secret.
 *
 * @category errors
 * @since 0.1.0
 */
export class Problem extends Data.TaggedError("Problem")<{
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}> {
  override get message(): string {
    return `${this.status} ${this.title}: ${this.detail}`
  }
}

/** @category constructors @since 0.1.0 */
export const badRequest = (detail: string): Problem => new Problem({ status: 400, title: "Bad Request", detail })

/** @category constructors @since 0.1.0 */
export const notFound = (detail: string): Problem => new Problem({ status: 404, title: "Not Found", detail })

/** @category constructors @since 0.1.0 */
export const gone = (detail: string): Problem => new Problem({ status: 410, title: "Gone", detail })

/** @category constructors @since 0.1.0 */
export const tooLarge = (detail: string): Problem => new Problem({ status: 413, title: "Content Too Large", detail })

/** @category constructors @since 0.1.0 */
export const unsupportedMediaType = (detail: string): Problem =>
  new Problem({ status: 415, title: "Unsupported Media Type", detail })

/**
 * The request is well-formed, but names something that is not there (RFC 9110, section 15.5.21).
 *
 * @category constructors
 * @since 0.1.0
 */
export const unprocessable = (detail: string): Problem =>
  new Problem({ status: 422, title: "Unprocessable Content", detail })

/**
 * The method is not defined for the resource; `Allow` tells which are (RFC 9110, section 15.5.6).
 *
 * @category constructors
 * @since 0.1.0
 */
export const methodNotAllowed = (method: string, allow: string): Problem =>
  new Problem({
    status: 405,
    title: "Method Not Allowed",
    detail: `${method} is not defined here; allowed are ${allow}`,
    headers: { allow }
  })

/**
 * The sender must authenticate; the challenge tells how (RFC 9110, section 11.6.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const unauthorized = (challenge: string, detail: string): Problem =>
  new Problem({ status: 401, title: "Unauthorized", detail, headers: { "www-authenticate": challenge } })

/**
 * The service cannot answer for now; it is worth asking again after so many seconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unavailable = (detail: string, retryAfter: number): Problem =>
  new Problem({ status: 503, title: "Service Unavailable", detail, headers: { "retry-after": String(retryAfter) } })

/** @category rendering @since 0.1.0 */
export const toAnswer = ({ status, title, detail, headers }: Problem): Answer => ({
  status,
  headers: { "content-type": ProblemDetails.contentType, "cache-control": "no-store", ...headers },
  body: JSON.stringify({ type: ProblemDetails.blankType, title, status, detail })
})
