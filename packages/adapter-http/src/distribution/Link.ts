/**
 * The next page of a listing.
 *
 * Source: RFC 8288 (`Link`); OCI distribution specification, "Content Discovery".
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { withoutSecrets } from "../transport/RequestUrl.ts"

// A target, which some registries send without its brackets, then parameters up to the comma before the next target.
const link =
  /\s*(?:<([^<>]*)>|((?:https?:\/\/|[/?])[^\s<>;,"]*))((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]*))?)*)\s*(?:,|$)/y
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
    if (relations(match[3]!).includes("next")) return Result.succeed(match[1] ?? match[2]!)
  }
  return Result.succeed(undefined)
}

/** Whether two paths are the same listing, of which a gateway may have cut off or added the first part of one. */
const isSameListing = (one: string, other: string): boolean => one.endsWith(other) || other.endsWith(one)

/**
 * The URL of the page after the one at `current`, by its `Link` header. `from` is where the page came from, which is
 * elsewhere after a redirect. Of a link to the same listing only the query counts, because a registry behind a gateway
 * may know neither its public origin nor its prefix. Any other link to another origin is `Unsafe`: the request for it
 * would carry the token.
 */
export const nextPage = (current: URL, header: string = "", from: string = current.href) =>
  Result.gen(function* () {
    const target = yield* next(header)
    if (target === undefined) return undefined
    if (!URL.canParse(target, from)) {
      return yield* Result.fail(new Registry.Malformed({ detail: "the Link header names no URL" }))
    }
    const url = new URL(target, from)
    const isHttp = url.protocol === "https:" || url.protocol === "http:"
    if (isHttp && (isSameListing(current.pathname, url.pathname) || url.pathname === new URL(from).pathname)) {
      const same = new URL(current)
      same.search = url.search
      return same
    }
    if (url.origin === current.origin && url.username === "" && url.password === "") return url
    return yield* Result.fail(
      new Registry.Unsafe({ detail: `the next page is on another origin: ${withoutSecrets(url)}` })
    )
  })
