/**
 * The next page of a listing.
 *
 * Source: RFC 8288 (`Link`); OCI distribution specification, "Content Discovery".
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { withoutSecrets } from "../transport/RequestUrl.ts"

// A target, then parameters up to the comma before the next target.
const link = /\s*<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]*))?)*)\s*(?:,|$)/y
const parameter = /\s*;\s*([^\s=;,]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?/g

/** The relations of a link: only its first `rel` counts. */
const relations = (parameters: string): ReadonlyArray<string> => {
  for (const [, name, quoted, bare] of parameters.matchAll(parameter)) {
    if (name!.toLowerCase() === "rel") return (quoted ?? bare ?? "").toLowerCase().split(/\s+/)
  }
  return []
}

/**
 * The target of the first link with `rel="next"`, `undefined` where there is none, `Malformed` where the header cannot
 * be read: it might have said that there is more.
 */
export const next = (header: string): Result.Result<string | undefined, Registry.Malformed> => {
  link.lastIndex = 0
  while (link.lastIndex < header.length) {
    const match = link.exec(header)
    if (match === null) return Result.fail(new Registry.Malformed({ detail: "the Link header cannot be read" }))
    if (relations(match[2]!).includes("next")) return Result.succeed(match[1]!)
  }
  return Result.succeed(undefined)
}

/**
 * The URL of the page after the one at `current`, by its `Link` header. A page on another scheme, host or port is
 * `Unsafe`: the request for it would carry the token.
 */
export const nextPage = (current: URL, header: string = "") =>
  Result.gen(function* () {
    const target = yield* next(header)
    if (target === undefined) return undefined
    if (!URL.canParse(target, current.href)) {
      return yield* Result.fail(new Registry.Malformed({ detail: "the Link header names no URL" }))
    }
    const url = new URL(target, current.href)
    if (url.origin === current.origin && url.username === "" && url.password === "") return url
    return yield* Result.fail(
      new Registry.Unsafe({ detail: `the next page is on another origin: ${withoutSecrets(url)}` })
    )
  })
