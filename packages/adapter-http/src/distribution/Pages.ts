/**
 * Listings in pages.
 *
 * @since 0.1.0
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect, Option, Stream } from "effect"
import { nextPage } from "./Link.ts"
import { errorCodes, permanentReason } from "../transport/Failure.ts"
import { type HttpResponse, isHtml, unexpectedHtml } from "../transport/HttpResponse.ts"

/**
 * A listing: where it begins, how a page is asked for, and what it holds.
 *
 * @category options
 * @since 0.1.0
 */
export interface Listing<A> {
  /** The URL of the first page, without its size. */
  readonly first: URL
  readonly get: (url: URL) => Effect.Effect<HttpResponse, Registry.RegistryReason>
  readonly decode: (body: Uint8Array) => Effect.Effect<ReadonlyArray<A>, Registry.Malformed>
  /** What tells one entry from another: of each only the first counts. */
  readonly key: (entry: A) => string
  readonly maxPages: number
  /** The parameter for the size of a page, and the size. Default: `n` and 1000. */
  readonly size?: readonly [parameter: string, entries: string] | undefined
  /** The page after the one at `url`, by its answer. Default: by its `Link`. */
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
 * The entries of a listing, page by page, each once. A page may be short or repeat what was listed before; one that was
 * listed itself before, and more than `maxPages`, are `Malformed`: such a listing has no end.
 *
 * @category streaming
 * @since 0.1.0
 */
export const entries = <A>(listing: Listing<A>): Stream.Stream<A, Registry.RegistryReason> =>
  Stream.suspend(() => {
    const { next = (url, response) => nextPage(url, response.headers["link"]) } = listing
    const urls = new Set<string>()
    const keys = new Set<string>()

    const page = Effect.fnUntraced(function* (
      url: URL
    ): Effect.fn.Return<readonly [ReadonlyArray<A>, Option.Option<URL>], Registry.RegistryReason> {
      if (urls.has(url.href)) return yield* new Registry.Malformed({ detail: "the listing comes back to a page" })
      if (urls.size >= listing.maxPages) {
        return yield* new Registry.Malformed({ detail: `the listing has more than ${listing.maxPages} pages` })
      }
      urls.add(url.href)
      const response = yield* listing.get(url)
      if (response.status !== 200) {
        // A registry may allow smaller pages only, and then chooses the size best itself.
        const isTooLarge = response.status === 400 && errorCodes(response).includes("PAGINATION_NUMBER_INVALID")
        if (isTooLarge && url.searchParams.get("n") === pageSize) return [[], Option.some(listing.first)]
        return yield* permanentReason(response)
      }
      if (isHtml(response.headers["content-type"])) return yield* unexpectedHtml(response.from)
      const found = yield* listing.decode(response.body)
      const following = yield* Effect.fromResult(next(url, response))
      const fresh = found.filter((entry) => {
        const key = listing.key(entry)
        return !keys.has(key) && keys.add(key)
      })
      return [fresh, Option.fromUndefinedOr(following)]
    })

    return Stream.paginate(sized(listing), page)
  })
