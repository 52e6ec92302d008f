/** The media type of a response, negotiated by `Accept`. */
import { Result } from "effect"
import Negotiator from "negotiator"
import { Problem } from "../wire/Problem.ts"

export const MediaType = { hal: "application/hal+json", html: "text/html" } as const
export type MediaType = (typeof MediaType)[keyof typeof MediaType]

const offered = [MediaType.hal, "application/json", MediaType.html]

/**
 * The media type to respond with (RFC 9110, section 12.5.1). It is HAL without `Accept`, for an `Accept` without any
 * media type (a known client sends `undefined`), and for `application/json`, because HAL is JSON. Fails with 406 if
 * neither HAL nor HTML is accepted.
 */
export const negotiate = (accept: string | undefined): Result.Result<MediaType, Problem> => {
  if (accept === undefined) return Result.succeed(MediaType.hal)
  const negotiator = new Negotiator({ headers: { accept } })
  const chosen = negotiator.mediaType(offered)
  if (chosen === MediaType.html) return Result.succeed(MediaType.html)
  if (chosen !== undefined || !/[^\s,;]\/[^\s,;]/.test(accept)) return Result.succeed(MediaType.hal)
  return Result.fail(
    new Problem({
      status: 406,
      title: "Not Acceptable",
      detail: `the response is available as ${MediaType.hal} and ${MediaType.html}`
    })
  )
}
