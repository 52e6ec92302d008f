/** The API, asked with a token. */
import { type Link, type Links, expand, withQuery } from "./Links.ts"
import * as Problem from "./Problem.ts"
import type {
  Blob,
  Course,
  Freed,
  Grower,
  Growth,
  Image,
  Namespace,
  SizeKey,
  Status,
  Tag,
  Totals
} from "./Resources.ts"

/** The API is where the page is, without `ui/`: so any prefix of a reverse proxy is kept. */
const base = new URL("../", location.href.replace(/[?#].*$/, ""))

/** How long an answer may take, in milliseconds. */
const patience = 60_000

interface Asking {
  readonly authorization: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const ask = async (path: string, { authorization, body, signal }: Asking): Promise<Response> => {
  const timeout = AbortSignal.timeout(patience)
  const response = await fetch(new URL(path, base), {
    headers: {
      accept: "application/hal+json",
      authorization,
      ...(body === undefined ? {} : { "content-type": "application/json" })
    },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    // No cookies, and no password dialog of the browser's own on 401.
    credentials: "omit",
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw new Problem.Problem("unreachable", "the server cannot be reached")
  })
  if (!response.ok) throw await Problem.fromResponse(response)
  return response
}

/** Basic credentials in UTF-8 (RFC 7617). */
const basic = (username: string, password: string) =>
  `Basic ${btoa(Array.from(new TextEncoder().encode(`${username}:${password}`), (byte) => String.fromCharCode(byte)).join(""))}`

/** A token for these credentials. Wrong ones are the problem `expired`. */
export const signIn = async (username: string, password: string): Promise<string> => {
  const response = await ask("auth_token", { authorization: basic(username, password) })
  const { auth_token: token } = (await response.json()) as { readonly auth_token: string }
  return token
}

interface Collection<Item> {
  readonly _embedded?: { readonly items?: ReadonlyArray<Item> }
}

interface Linked {
  readonly _links?: Links
}

/** What changed since when, by which size, and of what. */
export interface Growing {
  /** How long before the latest look, such as `7d`. */
  readonly from: string
  readonly by: SizeKey
  readonly of: "images" | "namespaces"
  readonly limit: number
}

const items = <Item>(collection: Collection<Item>): ReadonlyArray<Item> => collection._embedded?.items ?? []

export interface Client {
  /** The same as of an instant (ISO 8601), or as of now. */
  readonly asOf: (instant: string | undefined) => Client
  readonly images: () => Promise<{ readonly totals: Totals; readonly images: ReadonlyArray<Image> }>
  readonly status: () => Promise<Status>
  /** The tags of an image; with `filter` only those whose name contains it. */
  readonly tags: (image: string, filter?: string, signal?: AbortSignal) => Promise<ReadonlyArray<Tag>>
  readonly tag: (image: string, tag: string) => Promise<Tag>
  readonly blobs: (image: string, tag: string) => Promise<ReadonlyArray<Blob>>
  /** The namespaces directly below one, `""` for the topmost. */
  readonly namespaces: (path: string) => Promise<ReadonlyArray<Namespace>>
  /** What deleting all of these together (`image` or `image:tag`) would free. */
  readonly freed: (items: ReadonlyArray<string>, signal: AbortSignal) => Promise<Freed>
  /** The links of the API's root. */
  readonly home: () => Promise<Links>
  /** The links of what a link leads to. */
  readonly linksOf: (link: Link, variables: Readonly<Record<string, string>>) => Promise<Links>
  /** How sizes went, as a `history` link tells, from so long ago on, such as `7d`. */
  readonly course: (history: Link, from: string) => Promise<Course>
  /** What grew, as a `growth` link tells. */
  readonly growth: (growth: Link, asked: Growing) => Promise<Growth>
}

/**
 * As of an instant (ISO 8601) where one is given: then images, tags, blobs and namespaces are those that were there.
 */
export const make = (token: string, instant?: string): Client => {
  const authorization = `Bearer ${token}`
  const at: Readonly<Record<string, string>> = instant === undefined ? {} : { at: instant }
  const getThen = <A>(path: string, signal?: AbortSignal) => get<A>(withQuery(path, at), signal)
  const get = async <A>(path: string, signal?: AbortSignal): Promise<A> => {
    const response = await ask(path, { authorization, signal })
    return (await response.json()) as A
  }
  const tagsPath = (image: string) => `images/${encodeURIComponent(image)}/tags`
  return {
    asOf: (instant) => make(token, instant),
    images: async () => {
      const { _embedded, ...totals } = await getThen<Totals & Collection<Image>>("images?embed=1")
      return { totals, images: _embedded?.items ?? [] }
    },
    status: () => get("status"),
    tags: async (image, filter, signal) =>
      items(
        await getThen<Collection<Tag>>(
          `${tagsPath(image)}?embed=1${filter === undefined ? "" : `&filter=${encodeURIComponent(filter)}`}`,
          signal
        )
      ),
    tag: (image, tag) => getThen(`${tagsPath(image)}/${encodeURIComponent(tag)}`),
    blobs: async (image, tag) =>
      items(await getThen<Collection<Blob>>(`${tagsPath(image)}/${encodeURIComponent(tag)}/blobs?embed=1`)),
    namespaces: async (path) =>
      items(
        await getThen<Collection<Namespace>>(`namespaces${path === "" ? "" : `/${encodeURIComponent(path)}`}?embed=1`)
      ),
    freed: async (chosen, signal) => {
      if (instant !== undefined)
        throw new Problem.Problem("failed", "what deleting would free is told of the present only")
      const response = await ask("unique_size", { authorization, body: { items: chosen }, signal })
      return (await response.json()) as Freed
    },
    home: async () => (await get<Linked>("./?links=true"))._links ?? {},
    linksOf: async (link, variables) =>
      (await getThen<Linked>(withQuery(expand(link, variables), { links: "true" })))._links ?? {},
    course: (history, from) => get(withQuery(history.href, { from })),
    growth: async (link, asked) => {
      const { _embedded, ...growth } = await get<Omit<Growth, "items"> & Collection<Grower>>(
        withQuery(link.href, { ...asked, limit: String(asked.limit), embed: "1" })
      )
      return { ...growth, items: _embedded?.items ?? [] }
    }
  }
}
