/**
 * Pages of GitLab's REST API.
 *
 * Source: GitLab, "REST API", "Pagination".
 */
import type { Request } from "../http/Route.ts"

/**
 * The pagination of the API: by page number, or by the last entry of the previous page (keyset), which only `Link`
 * contains.
 */
export type Paging = "offset" | "keyset"

const wholeNumber = (text: string | null, otherwise: number): number =>
  text !== null && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : otherwise

const link = (origin: string, request: Request, changed: Record<string, string>, rel: string): string => {
  const url = new URL(request.url, origin)
  for (const [name, value] of Object.entries(changed)) url.searchParams.set(name, value)
  return `<${url.href}>; rel="${rel}"`
}

/**
 * The requested page of the entries, and its headers. `totals` says whether the totals are sent; GitLab omits them for
 * more than 10,000 entries.
 */
export const paginate = <A>(
  entries: ReadonlyArray<A>,
  request: Request,
  options: {
    readonly origin: string
    readonly paging: Paging
    readonly totals: boolean
    readonly id: (entry: A) => number
  }
): { readonly entries: ReadonlyArray<A>; readonly headers: Record<string, string> } => {
  const { id, origin, paging, totals } = options
  const size = Math.min(wholeNumber(request.parameters.get("per_page"), 20), 100)
  const per = { per_page: String(size) }

  if (paging === "keyset" || request.parameters.get("pagination") === "keyset") {
    const after = Number(request.parameters.get("cursor") ?? "0")
    const rest = entries.filter((entry) => id(entry) > after)
    const page = rest.slice(0, size)
    const cursor = { ...per, pagination: "keyset", cursor: String(page.length === 0 ? after : id(page.at(-1)!)) }
    return {
      entries: page,
      headers: rest.length > page.length ? { link: link(origin, request, cursor, "next") } : {}
    }
  }

  const number = wholeNumber(request.parameters.get("page"), 1)
  const pages = Math.max(Math.ceil(entries.length / size), 1)
  const at = (page: number, rel: string) => link(origin, request, { ...per, page: String(page) }, rel)
  const [previous, next] = [number > 1 ? number - 1 : undefined, number < pages ? number + 1 : undefined]
  const links = [
    ...(previous === undefined ? [] : [at(previous, "prev")]),
    ...(next === undefined ? [] : [at(next, "next")]),
    at(1, "first"),
    ...(totals ? [at(pages, "last")] : [])
  ]
  return {
    entries: entries.slice((number - 1) * size, number * size),
    headers: {
      link: links.join(", "),
      "x-page": String(number),
      "x-per-page": String(size),
      "x-prev-page": String(previous ?? ""),
      "x-next-page": String(next ?? ""),
      ...(totals ? { "x-total": String(entries.length), "x-total-pages": String(pages) } : {})
    }
  }
}
