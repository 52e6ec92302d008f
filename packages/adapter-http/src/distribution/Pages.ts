/** Listings in pages. */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, identity, Option, Result, Stream } from "effect"
import { nextPage } from "./Link.ts"
import { errorCodes, permanentReason } from "../transport/Failure.ts"
import type { HttpRequest } from "../transport/HttpExchange.ts"
import type { HttpResponse } from "../transport/HttpResponse.ts"

/** The limits of responses. */
export interface Limits {
  /** Bytes of a manifest. Default 4 MiB, which a registry must accept by the specification and few exceed. */
  readonly manifestBytes?: number | undefined
  /** Bytes of a page of a listing. Default 32 MiB: some registries send all tags at once. */
  readonly pageBytes?: number | undefined
  /** Pages of a listing. Default 10,000. */
  readonly pages?: number | undefined
  /** Entries of a listing. Default 500,000. */
  readonly entries?: number | undefined
  /** Bytes of the names of a listing. Default 32 MiB, which are 500,000 names of 67 characters. */
  readonly nameBytes?: number | undefined
}

/** Headers of a request whose response is JSON. */
export const acceptJson = { accept: "application/json", "accept-encoding": "identity" }

/** A listing: its first page, how a request is sent, and the entries of a page. */
export interface Listing<A> {
  /** The URL of the first page, without its size. */
  readonly first: string
  readonly send: (request: HttpRequest) => Effect.Effect<HttpResponse, Registry.RegistryReason>
  readonly decode: (response: HttpResponse) => Result.Result<ReadonlyArray<A>, Registry.Malformed>
  /** Identifies an entry: the first of several with the same key counts. */
  readonly key: (entry: A) => string
  readonly limits: Limits
  /** The parameter for the size of a page, and the size. Default: `n` and 1000. */
  readonly size?: readonly [parameter: string, entries: string] | undefined
  /** The page after the one at `url`, by its response. Default: by its `Link`. */
  readonly next?: ((url: URL, response: HttpResponse) => ReturnType<typeof nextPage>) | undefined
  /** What a failure of the first page means. Default: what it is. */
  readonly firstFailure?: ((reason: Registry.RegistryReason) => Registry.RegistryReason) | undefined
  /** How many redirects are followed. Default: none. */
  readonly redirects?: number | undefined
}

/** The largest page that distribution and GitLab give. */
const pageSize = "1000"

const sized = <A>({ first, size: [parameter, entries] = ["n", pageSize] }: Listing<A>): URL => {
  const url = new URL(first)
  url.searchParams.set(parameter, entries)
  return url
}

/** The codes of errors that no other size of the page would change. */
const settled: ReadonlySet<string> = new Set(["DENIED", "NAME_INVALID", "NAME_UNKNOWN", "NOT_FOUND", "UNAUTHORIZED"])

/** Stands in for an entry without a name: a text that fits no grammar of names, so that the crawl reports it. */
export const noName = (entry: unknown): string => {
  const isShort = entry === null || typeof entry === "number" || typeof entry === "boolean"
  const type = Array.isArray(entry) ? "a list" : typeof entry === "string" ? "a string" : "an object"
  return `not a name: ${isShort ? entry : type}`
}

/** The entries of a page, `Malformed` where it has some and none of them `isEntry`: then it is something else. */
export const entriesOf = (
  entries: ReadonlyArray<unknown>,
  isEntry: (entry: unknown) => boolean
): Result.Result<ReadonlyArray<unknown>, Registry.Malformed> =>
  entries.length === 0 || entries.some(isEntry)
    ? Result.succeed(entries)
    : Result.fail(new Registry.Malformed({ detail: "the listing has entries, but no name" }))

/**
 * The entries of a listing, page by page, each once. A page may be short or repeat entries. A page that repeats is
 * `Malformed`: such a listing does not end. One that exceeds a limit is `TooLarge` after the entries before it.
 */
export const entries = <A>(listing: Listing<A>): Stream.Stream<A, Registry.RegistryReason> =>
  Stream.suspend(() => {
    const { firstFailure = identity, limits, redirects } = listing
    const { next = (url, response) => nextPage(url, response.headers["link"], response.from) } = listing
    const { entries: maxEntries = 500_000, pageBytes: maxBytes = 32 * 1024 * 1024, pages: maxPages = 10_000 } = limits
    const { nameBytes: maxNameBytes = 32 * 1024 * 1024 } = limits
    const urls = new Set<string>()
    const keys = new Set<string>()
    let nameBytes = 0

    const exceeds = (limit: string) => new Registry.TooLarge({ detail: `the listing has more than ${limit}` })

    /** Which limit the entries so far exceed. */
    const excess = () =>
      keys.size > maxEntries
        ? exceeds(`${maxEntries} entries`)
        : nameBytes > maxNameBytes
          ? exceeds(`${maxNameBytes} bytes of names`)
          : undefined

    /** The first page in the size that the registry chooses itself: it may refuse larger ones. */
    const unsized = new URL(listing.first)

    const page = Effect.fnUntraced(function* (
      url: URL
    ): Effect.fn.Return<readonly [ReadonlyArray<A>, Option.Option<URL>], Registry.RegistryReason> {
      const tooLarge = excess()
      if (tooLarge !== undefined) return yield* tooLarge
      if (urls.has(url.href)) return yield* new Registry.Malformed({ detail: "the listing comes back to a page" })
      if (urls.size >= maxPages) return yield* exceeds(`${maxPages} pages`)
      urls.add(url.href)
      const isSized = urls.size === 1
      const isFirst = isSized || url.href === unsized.href
      const sent = yield* Effect.result(
        listing.send({
          method: "GET",
          url,
          headers: acceptJson,
          maxBytes,
          ...(redirects === undefined ? {} : { redirects })
        })
      )
      if (Result.isFailure(sent)) {
        if (isSized && sent.failure._tag === "ServerError") return [[], Option.some(unsized)]
        return yield* isFirst ? firstFailure(sent.failure) : sent.failure
      }
      const response = sent.success
      if (response.status !== 200) {
        const isRefused = response.status >= 400 && !errorCodes(response).some((code) => settled.has(code))
        if (isSized && isRefused) return [[], Option.some(unsized)]
        const reason = permanentReason(response)
        return yield* isFirst ? firstFailure(reason) : reason
      }
      const found = yield* Effect.fromResult(listing.decode(response))
      const following = yield* Effect.fromResult(next(url, response))
      const fresh = found.filter((entry) => {
        const key = listing.key(entry)
        if (keys.has(key) || excess() !== undefined) return false
        nameBytes += key.length
        return keys.add(key)
      })
      if (excess() !== undefined) return [fresh, Option.some(url)]
      // Some registries link an empty last page to itself.
      const isLast = following === undefined || (found.length === 0 && urls.has(following.href))
      return [fresh, isLast ? Option.none() : Option.some(following)]
    })

    return Stream.paginate(sized(listing), page)
  })
