/** Listings in pages. */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, Option, type Result, Stream } from "effect"
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
}

/** The largest page that distribution and GitLab give. */
const pageSize = "1000"

const sized = <A>({ first, size: [parameter, entries] = ["n", pageSize] }: Listing<A>): URL => {
  const url = new URL(first)
  url.searchParams.set(parameter, entries)
  return url
}

/**
 * The entries of a listing, page by page, each once. A page may be short or repeat entries. A page that repeats, and
 * more than `limits.pages`, are `Malformed`: such a listing does not end.
 */
export const entries = <A>(listing: Listing<A>): Stream.Stream<A, Registry.RegistryReason> =>
  Stream.suspend(() => {
    const { next = (url, response) => nextPage(url, response.headers["link"]) } = listing
    const { pageBytes: maxBytes = 32 * 1024 * 1024, pages: maxPages = 10_000 } = listing.limits
    const urls = new Set<string>()
    const keys = new Set<string>()

    const page = Effect.fnUntraced(function* (
      url: URL
    ): Effect.fn.Return<readonly [ReadonlyArray<A>, Option.Option<URL>], Registry.RegistryReason> {
      if (urls.has(url.href)) return yield* new Registry.Malformed({ detail: "the listing comes back to a page" })
      if (urls.size >= maxPages) {
        return yield* new Registry.Malformed({ detail: `the listing has more than ${maxPages} pages` })
      }
      urls.add(url.href)
      const response = yield* listing.send({ method: "GET", url, headers: acceptJson, maxBytes })
      if (response.status !== 200) {
        // A registry may allow smaller pages only, and then chooses the size best itself.
        const isTooLarge = response.status === 400 && errorCodes(response).includes("PAGINATION_NUMBER_INVALID")
        if (isTooLarge && url.searchParams.get("n") === pageSize) return [[], Option.some(new URL(listing.first))]
        return yield* permanentReason(response)
      }
      const found = yield* Effect.fromResult(listing.decode(response))
      const following = yield* Effect.fromResult(next(url, response))
      const fresh = found.filter((entry) => {
        const key = listing.key(entry)
        return !keys.has(key) && keys.add(key)
      })
      return [fresh, Option.fromUndefinedOr(following)]
    })

    return Stream.paginate(sized(listing), page)
  })
