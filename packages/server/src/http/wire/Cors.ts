/** Which pages of other origins may read the API (Fetch standard, "HTTP-CORS protocol"). */
import type { IncomingHttpHeaders } from "node:http"
import type { Lookup } from "./Message.ts"

export interface Options {
  /** Origins whose pages may read the API. Default: all, as the tokens are sent explicitly and never as cookies. */
  readonly corsOrigins?: ReadonlyArray<string> | undefined
  /** Origins whose pages may sign in. Default: those of `corsOrigins`. */
  readonly signInOrigins?: ReadonlyArray<string> | undefined
}

const exposed = "ETag, Retry-After, WWW-Authenticate, Link, X-Request-Id"
const preflight = {
  "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
  "access-control-allow-headers": "Authorization, Accept, Content-Type, If-None-Match, X-Request-Id",
  "access-control-max-age": "600"
}

/** The headers that an answer needs, by the method and the headers of its request. */
const headersOf = (origins: ReadonlyArray<string> = ["*"]) => {
  const anyone = origins.includes("*")
  const allowed = new Set(origins)
  const toAnyone = { "access-control-allow-origin": "*", "access-control-expose-headers": exposed }
  const headersFor = (method: string, headers: IncomingHttpHeaders): Readonly<Record<string, string>> => {
    const { origin } = headers
    // A preflight names the origin and a method.
    const asks = method === "OPTIONS" && headers["access-control-request-method"] !== undefined ? preflight : undefined
    if (anyone) return asks === undefined ? toAnyone : { ...toAnyone, ...asks }
    // The answer depends on the origin also where it is refused.
    const vary = { vary: "Origin" }
    if (origin === undefined || !allowed.has(origin)) return vary
    return { ...vary, "access-control-allow-origin": origin, "access-control-expose-headers": exposed, ...asks }
  }
  return { anyone, headersFor }
}

/** The headers that an answer needs: those of the sign-in, and of all other answers. */
export const make = ({ corsOrigins, signInOrigins = corsOrigins }: Options) => {
  const { anyone, headersFor } = headersOf(corsOrigins)
  const signIn = headersOf(signInOrigins)
  return {
    /** Whether the headers of all but the sign-in are the same for every request that reads. */
    anyone,
    headersFor: ({ headers, method, note }: Lookup) =>
      note.route === "token" ? signIn.headersFor(method, headers) : headersFor(method, headers)
  }
}
