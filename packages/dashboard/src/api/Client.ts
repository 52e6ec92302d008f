/** The client of the API. */
import { type Link, type Links, expand, withQuery } from "./Links.ts"
import * as Problem from "./Problem.ts"
import type {
  Blob,
  Grower,
  Growth,
  Image,
  Namespace,
  GrowthKey,
  Status,
  Tag,
  TimeSeries,
  Totals,
  UniqueSize
} from "./Resources.ts"

/** The API is where the page is, without `ui/`: this keeps the prefix of any reverse proxy. */
const base = new URL("../", location.href.replace(/[?#].*$/, ""))

/** In milliseconds. */
const responseTimeout = 60_000

interface RequestOptions {
  readonly authorization: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const request = async <A>(path: string, { authorization, body, signal }: RequestOptions): Promise<A> => {
  const timeout = AbortSignal.timeout(responseTimeout)
  const response = await fetch(new URL(path, base), {
    headers: {
      accept: "application/hal+json",
      authorization,
      ...(body === undefined ? {} : { "content-type": "application/json" })
    },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    // No cookies, and no password dialog of the browser on 401.
    credentials: "omit",
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw new Problem.Problem("unreachable", "the server cannot be reached")
  })
  if (!response.ok) throw await Problem.fromResponse(response)
  return (await response.json()) as A
}

/** Basic credentials in UTF-8 (RFC 7617). */
const basic = (username: string, password: string) =>
  `Basic ${btoa(Array.from(new TextEncoder().encode(`${username}:${password}`), (byte) => String.fromCharCode(byte)).join(""))}`

/** Returns a token for these credentials. Fails with a problem of kind `expired` if they are wrong. */
export const signIn = async (username: string, password: string): Promise<string> => {
  const authorization = basic(username, password)
  return (await request<{ readonly auth_token: string }>("auth_token", { authorization })).auth_token
}

interface Collection<Item> {
  readonly _embedded?: { readonly items?: ReadonlyArray<Item> }
}

/** An image in which everything is embedded. */
interface WithTags {
  readonly _embedded?: { readonly related?: Collection<Tag> }
}

interface Linked {
  readonly _links?: Links
}

type Query = Readonly<Record<string, string>>

/** The query of the `growth` resource. */
export interface GrowthQuery {
  /** How long before the latest snapshot, such as `7d`. */
  readonly from: string
  readonly by: GrowthKey
  readonly of: "images" | "namespaces"
  readonly limit: string
}

export interface Client {
  /** A client that reads the snapshot of an instant (ISO 8601), or the latest one. */
  readonly asOf: (instant: string | undefined) => Client
  readonly images: () => Promise<{ readonly totals: Totals; readonly images: ReadonlyArray<Image> }>
  readonly status: () => Promise<Status>
  /** The tags of an image; with `filter` only those whose name contains it. */
  readonly tags: (image: string, filter?: string, signal?: AbortSignal) => Promise<ReadonlyArray<Tag>>
  /** The tags of all images, by the names of the images, in one request. */
  readonly allTags: () => Promise<ReadonlyMap<string, ReadonlyArray<Tag>>>
  readonly tag: (image: string, tag: string) => Promise<Tag>
  readonly blobs: (image: string, tag: string) => Promise<ReadonlyArray<Blob>>
  /** The namespaces directly below one, `""` for the topmost. */
  readonly namespaces: (path: string) => Promise<ReadonlyArray<Namespace>>
  /** The unique size of all these (`image` or `image:tag`) together. */
  readonly uniqueSize: (items: ReadonlyArray<string>, signal: AbortSignal) => Promise<UniqueSize>
  /** The links of the API's root. */
  readonly rootLinks: () => Promise<Links>
  /** The links of the resource that a link leads to. */
  readonly linksOf: (link: Link, variables: Query) => Promise<Links>
  /** The time series at a `history` link; `from` is a duration before now, such as `7d`. */
  readonly timeSeries: (history: Link, from: string) => Promise<TimeSeries>
  readonly growth: (growth: Link, query: GrowthQuery) => Promise<Growth>
}

/** With an instant (ISO 8601), images, tags, blobs and namespaces are read from the snapshot of that instant. */
export const make = (token: string, instant?: string): Client => {
  const authorization = `Bearer ${token}`
  const at: Query = instant === undefined ? {} : { at: instant }
  const get = <A>(path: string, query: Query = {}, signal?: AbortSignal) =>
    request<A>(withQuery(path, query), { authorization, signal })
  const list = async <Item>(path: string, query: Query = {}, signal?: AbortSignal) =>
    (await get<Collection<Item>>(path, { embed: "1", ...query, ...at }, signal))._embedded?.items ?? []
  const tagsPath = (image: string) => `images/${encodeURIComponent(image)}/tags`
  const tagPath = (image: string, tag: string) => `${tagsPath(image)}/${encodeURIComponent(tag)}`
  return {
    asOf: (instant) => make(token, instant),
    images: async () => {
      const { _embedded, ...totals } = await get<Totals & Collection<Image>>("images", { embed: "1", ...at })
      return { totals, images: _embedded?.items ?? [] }
    },
    status: () => get("status"),
    tags: (image, filter, signal) => list(tagsPath(image), filter === undefined ? {} : { filter }, signal),
    allTags: async () => {
      const images = await list<Image & WithTags>("images", { embed: "true" })
      return new Map(images.map(({ _embedded, name }) => [name, _embedded?.related?._embedded?.items ?? []]))
    },
    tag: (image, tag) => get(tagPath(image, tag), at),
    blobs: (image, tag) => list(`${tagPath(image, tag)}/blobs`),
    namespaces: (path) => list(path === "" ? "namespaces" : `namespaces/${encodeURIComponent(path)}`),
    uniqueSize: async (items, signal) => {
      if (instant !== undefined)
        throw new Problem.Problem("failed", "the unique size of a selection is known for the latest snapshot only")
      return request("unique_size", { authorization, body: { items }, signal })
    },
    rootLinks: async () => (await get<Linked>("./", { links: "true" }))._links ?? {},
    linksOf: async (link, variables) =>
      (await get<Linked>(expand(link, variables), { links: "true", ...at }))._links ?? {},
    timeSeries: (history, from) => get(history.href, { from }),
    growth: async (link, query) => {
      const { _embedded, ...growth } = await get<Omit<Growth, "items"> & Collection<Grower>>(link.href, {
        ...query,
        embed: "1"
      })
      return { ...growth, items: _embedded?.items ?? [] }
    }
  }
}
