/** The errors of the API; clients get them as problem documents (RFC 9457). */
import { Data } from "effect"

/** A request that fails. `detail` says to the sender what to do, and holds no secret. */
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

/** The most characters of a request that a message repeats. */
export const maximumQuoted = 255

/** A part of the request in a message. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > maximumQuoted ? `${text.slice(0, maximumQuoted)}…` : text)

export const badRequest = (detail: string): Problem => new Problem({ status: 400, title: "Bad Request", detail })

export const notFound = (detail: string): Problem => new Problem({ status: 404, title: "Not Found", detail })

export const gone = (detail: string): Problem => new Problem({ status: 410, title: "Gone", detail })

export const tooLarge = (detail: string): Problem => new Problem({ status: 413, title: "Content Too Large", detail })

export const unsupportedMediaType = (detail: string): Problem =>
  new Problem({ status: 415, title: "Unsupported Media Type", detail })

/** The request is well-formed, but names something that does not exist (RFC 9110, section 15.5.21). */
export const unprocessable = (detail: string): Problem =>
  new Problem({ status: 422, title: "Unprocessable Content", detail })

/** The method is not defined for the resource; `Allow` lists those that are (RFC 9110, section 15.5.6). */
export const methodNotAllowed = (method: string, allow: string): Problem =>
  new Problem({
    status: 405,
    title: "Method Not Allowed",
    detail: `${method} is not defined here; allowed are ${allow}`,
    headers: { allow }
  })

/** The sender must authenticate; the challenge says how (RFC 9110, section 11.6.1). */
export const unauthorized = (challenge: string, detail: string): Problem =>
  new Problem({ status: 401, title: "Unauthorized", detail, headers: { "www-authenticate": challenge } })

/** The service is not available; the sender may retry after `retryAfter` seconds. */
export const unavailable = (detail: string, retryAfter: number): Problem =>
  new Problem({ status: 503, title: "Service Unavailable", detail, headers: { "retry-after": String(retryAfter) } })
