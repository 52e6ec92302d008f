/**
 * How a request wants its answer: the depth of embedding, links, and the media type.
 *
 * @since 0.1.0
 */
import type { Hal } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import Negotiator from "negotiator"
import { badRequest, Problem } from "../wire/Problem.ts"
import { remembered } from "../wire/Memoize.ts"

/**
 * The value of a parameter, empty where it is absent. Fails with 400 where it is repeated.
 *
 * @category decoding
 * @since 0.1.0
 */
export const single = (query: URLSearchParams, name: string): Result.Result<string, Problem> => {
  const values = query.getAll(name)
  return values.length > 1
    ? Result.fail(badRequest(`the parameter ${name} is given ${values.length} times`))
    : Result.succeed(values[0] ?? "")
}

const word = (query: URLSearchParams, name: string) => Result.map(single(query, name), (text) => text.toLowerCase())

const yes = new Set(["true", "yes", "y", "t"])
const no = new Set(["false", "no", "n", "f", "0", ""])

const embedOf = (text: string): Result.Result<number, Problem> => {
  if (no.has(text)) return Result.succeed(0)
  if (yes.has(text)) return Result.succeed(Infinity)
  // A depth beyond what a number can tell is as good as all levels.
  if (/^[0-9]+$/.test(text)) return Result.succeed(Number(text))
  return Result.fail(badRequest("embed takes a depth (0, 1, 2, …) or true, yes, y, t, false, no"))
}

const linksOf = (text: string): Result.Result<boolean, Problem> => {
  if (no.has(text)) return Result.succeed(false)
  if (yes.has(text) || text === "1") return Result.succeed(true)
  return Result.fail(badRequest("links takes true, yes, y, t, 1, false, no or 0"))
}

/**
 * Reads `embed` and `links`. Other parameters are left alone.
 *
 * @category decoding
 * @since 0.1.0
 */
export const renderingOf = (query: URLSearchParams): Result.Result<Hal.Rendering, Problem> =>
  Result.all({
    embed: Result.flatMap(word(query, "embed"), embedOf),
    links: Result.flatMap(word(query, "links"), linksOf)
  })

/** @category models @since 0.1.0 */
export const MediaType = { hal: "application/hal+json", html: "text/html" } as const
/** @category models @since 0.1.0 */
export type MediaType = (typeof MediaType)[keyof typeof MediaType]

const offered = [MediaType.hal, "application/json", MediaType.html]

/**
 * The media type to answer with (RFC 9110, section 12.5.1). No `Accept`, and one that names no media type at all (a
 * known client sends `undefined`), means HAL; `application/json` is answered with HAL, which is JSON. What accepts
 * neither HAL nor HTML fails with 406.
 *
 * @category decoding
 * @since 0.1.0
 */
export const mediaTypeOf = remembered((accept: string | undefined): Result.Result<MediaType, Problem> => {
  if (accept === undefined) return Result.succeed(MediaType.hal)
  const negotiator = new Negotiator({ headers: { accept } })
  const chosen = negotiator.mediaType(offered)
  if (chosen === MediaType.html) return Result.succeed(MediaType.html)
  if (chosen !== undefined || !/[^\s,;]\/[^\s,;]/.test(accept)) return Result.succeed(MediaType.hal)
  return Result.fail(
    new Problem({
      status: 406,
      title: "Not Acceptable",
      detail: `the answer is available as ${MediaType.hal} and ${MediaType.html}`
    })
  )
})
