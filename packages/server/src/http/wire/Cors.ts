/** Which pages of other origins may read the API (Fetch standard, "HTTP-CORS protocol"). */
import type { IncomingHttpHeaders } from "node:http"

export interface Options {
  /** Origins whose pages may read the API. Default: all, as the tokens are sent explicitly and never as cookies. */
  readonly corsOrigins?: ReadonlyArray<string> | undefined
}

const exposed = "ETag, Retry-After, WWW-Authenticate, Link, X-Request-Id"
const preflight = {
  "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
  "access-control-allow-headers": "Authorization, Accept, Content-Type, If-None-Match, X-Request-Id",
  "access-control-max-age": "600"
}

/** The headers that an answer needs, by those of its request. A preflight names the origin and a method. */
export const make = ({ corsOrigins }: Options) => {
  const anyone = corsOrigins === undefined || corsOrigins.includes("*")
  const allowed = new Set(corsOrigins)
  const toAnyone = { "access-control-allow-origin": "*", "access-control-expose-headers": exposed }
  const headersFor = (method: string, headers: IncomingHttpHeaders): Readonly<Record<string, string>> => {
    const { origin } = headers
    const asks = method === "OPTIONS" && headers["access-control-request-method"] !== undefined ? preflight : undefined
    if (anyone) return asks === undefined ? toAnyone : { ...toAnyone, ...asks }
    // The answer depends on the origin also where it is refused.
    const vary = { vary: "Origin" }
    if (origin === undefined || !allowed.has(origin)) return vary
    return { ...vary, "access-control-allow-origin": origin, "access-control-expose-headers": exposed, ...asks }
  }
  /** With `anyone` they are the same for every request that reads. */
  return Object.assign(headersFor, { anyone })
}
