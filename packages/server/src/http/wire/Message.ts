/** A request as the API sees it, and what it answers. */
import type { Effect } from "effect"
import { ProblemDetails } from "effect/http"
import type { IncomingHttpHeaders } from "node:http"
import type { Problem } from "./Problem.ts"

/**
 * A request. `url` is the target of the request line as it was sent. `note` keeps what is known of it for the log and the
 * metrics.
 */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** The same for all requests of one connection. */
  readonly connection: object
  /** The address of the client: of the connection, or what a trusted proxy says. */
  readonly address: string
  /** The address of the connection, which may be a proxy's. */
  readonly peer: string
  /** The body as text of at most so many bytes; fails with 413 where it is larger. */
  readonly text: (maximum: number) => Effect.Effect<string, Problem>
  readonly note: { route: string; user: string | undefined }
}

/** What the cache needs of a request. */
export type Lookup = Pick<Request, "method" | "url" | "headers" | "connection" | "note">

/** The bytes of an answer: known, or to be made while they are sent. */
export type Body = Buffer | string | StreamBody

export interface StreamBody {
  readonly chunks: () => Iterable<string>
  readonly encoding: "gzip" | "br" | undefined
}

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Body | undefined
}

export const isStream = (body: Body): body is StreamBody => typeof body === "object" && "chunks" in body

/** An answer of JSON that is of this moment only. */
export const json = (value: unknown, status = 200): Response => ({
  status,
  headers: { "content-type": "application/json", "cache-control": "no-store" },
  body: JSON.stringify(value)
})

/** A document for people, under the policy that it needs. */
export const html = (body: string, contentSecurityPolicy: string): Response => ({
  status: 200,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": contentSecurityPolicy
  },
  body
})

/** The problem document of an error. */
export const toResponse = ({ status, title, detail, headers }: Problem): Response => ({
  status,
  headers: { "content-type": ProblemDetails.contentType, "cache-control": "no-store", ...headers },
  body: JSON.stringify({ type: ProblemDetails.blankType, title, status, detail })
})
