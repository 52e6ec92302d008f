/**
 * A request as the API sees it, and what it answers.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import type { Problem } from "./Problem.ts"

/**
 * A request. `url` is the target of the request line as it was sent. `note` keeps what is known of it for the log and the
 * metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** The same for all requests of one connection. */
  readonly connection: object
  /** The address of the client: of the connection, or what a trusted proxy says. */
  readonly address: string
  /** The body as text of at most so many bytes; fails with 413 where it is larger. */
  readonly text: (maximum: number) => Effect.Effect<string, Problem>
  readonly note: { route: string; user: string | undefined }
}

/**
 * The bytes of an answer: known, or to be made while they are sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Body = Buffer | string | Made

/** @category models @since 0.1.0 */
export interface Made {
  readonly pieces: () => Iterable<string>
  readonly encoding: "gzip" | "br" | undefined
}

/** @category models @since 0.1.0 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Body | undefined
}

/** @category guards @since 0.1.0 */
export const isMade = (body: Body): body is Made => typeof body === "object" && "pieces" in body

/**
 * An answer of JSON that is of this moment only.
 *
 * @category constructors
 * @since 0.1.0
 */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json", "cache-control": "no-store" },
  body: JSON.stringify(value)
})

/**
 * A document for people, under the policy that it needs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const html = (body: string, contentSecurityPolicy: string): Answer => ({
  status: 200,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": contentSecurityPolicy
  },
  body
})
