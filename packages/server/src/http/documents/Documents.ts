/** Documents of snapshots: found by the path, rendered once, then read from the cache. */
import { type Authentication, Collector, Hal, Instant, type Snapshot } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Option, Result } from "effect"
import { type Name, routes } from "../api/Api.ts"
import { authorize, parseBearer } from "../auth/Bearer.ts"
import * as HistoryDocuments from "./HistoryDocuments.ts"
import * as Encoding from "../wire/Encoding.ts"
import { isStream, type Lookup, type Request, type Response } from "../wire/Message.ts"
import * as Html from "./Html.ts"
import { type EarlierSnapshots, noHistory } from "./EarlierSnapshots.ts"
import * as Missing from "./Missing.ts"
import { notFound, type Problem, unavailable } from "../wire/Problem.ts"
import * as RepresentationCache from "./RepresentationCache.ts"
import { MediaType, negotiate } from "../query/MediaType.ts"
import * as Parameters from "../query/Parameters.ts"
import type { Reading } from "../api/Router.ts"
import * as ListQuery from "../query/ListQuery.ts"
import type { Target } from "../api/RequestTarget.ts"
import type { Known } from "../auth/TokenCache.ts"

export interface Options {
  /** The path of the API, with which every link begins. */
  readonly root: string
  /** The earlier snapshots, if the store keeps them. */
  readonly earlier: EarlierSnapshots | undefined
  /** The capacity of the registry (bytes). */
  readonly capacity: number | undefined
}

/** The current snapshot. Fails with 503 before the first one. */
export const current = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  const current = yield* collector.current
  if (Option.isSome(current)) return current.value
  return yield* unavailable("the registry has not been crawled yet; the first crawl is under way", 5)
})

/** The collection of images has two paths. The links of a document stay within the path of its request. */
const collectionOf = ({ segments }: Target) => (segments[0]?.text === "repositories" ? "repositories" : "images")

export const hasBody = ({ headers }: Lookup): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"

/** The key of a document in the cache of its snapshot. */
const keyOf = (request: Lookup, mediaType: string) => `${mediaType} ${request.url}`

const respond = (
  request: Lookup,
  cache: RepresentationCache.DocumentCache,
  document: RepresentationCache.CachedDocument
) =>
  RepresentationCache.respond(
    cache,
    document,
    request.headers["if-none-match"],
    Encoding.negotiate(request.headers["accept-encoding"] as string | undefined)
  )

/** The snapshot of a request, and whether it is an earlier one. */
interface Moment {
  readonly snapshot: Snapshot.Snapshot
  readonly past: boolean
}

/** The snapshot of a request: that of its cursor, else the one that is valid `at` an instant, else the current one. */
const momentOf = Effect.fnUntraced(function* (
  earlier: EarlierSnapshots | undefined,
  { at }: Parameters.Query,
  present: Snapshot.Snapshot,
  cursor: number | undefined
): Effect.fn.Return<Moment, Problem> {
  const isCurrent = cursor === undefined || cursor === DateTime.toEpochMillis(present.takenAt)
  if (at === undefined && isCurrent) return { snapshot: present, past: false }
  if (earlier === undefined) return yield* at === undefined ? ListQuery.cursorGone : noHistory
  if (cursor === undefined)
    return { snapshot: yield* earlier.at(Instant.resolve(at!, present.takenAt), present), past: true }
  return { snapshot: isCurrent ? present : yield* earlier.exactly(cursor, present), past: true }
})

/** The options of rendering, from the query. Who asks for a page of a list gets its items, unless `embed` says otherwise. */
export const rendering = (query: Parameters.Query): Hal.Rendering => {
  const isPage = query.page_size !== undefined || query.limit !== undefined
  const { embed = isPage ? 1 : 0, links = false } = query
  return { embed, links }
}

/** The links to the pages around a page (RFC 8288), for clients that do not ask for links in the document. */
const pageLinks = (resource: Hal.Resource): Readonly<Record<string, string>> => {
  const links = resource.links()
  const found = ["first", "prev", "next"].flatMap((relation) => {
    const link = links[relation]
    return link === undefined || !("href" in link) ? [] : [`<${link.href}>; rel="${relation}"`]
  })
  return found.length === 0 ? {} : { link: found.join(", ") }
}

/** A resource to render, and the snapshot whose cache holds its document. */
interface Found {
  readonly resource: Hal.Resource
  readonly moment: Moment
  /** The same resource in the current snapshot, if it exists there. */
  readonly latest: (() => Hal.Resource) | undefined
}

/**
 * The error of a path of which several readings exist. With each name percent-encoded as one segment, a path has one
 * reading.
 */
const ambiguous = (...found: ReadonlyArray<Found>) => {
  const meanings = found.map(({ resource }) => (resource.links()["self"] as Hal.Link).href)
  return notFound(
    `this path has more than one meaning: write the image's name as one segment, with %2F: ${meanings.join(" or ")}`
  )
}

/** Adds the link to the same resource in the current snapshot. */
const withLatest = (resource: Hal.Resource, latest: () => Hal.Resource): Hal.Resource => ({
  ...resource,
  links: () => ({ ...resource.links(), latest: latest().links()["self"]! })
})

/**
 * Responds with a document of the current snapshot, of an earlier one, or of the history. It is rendered unless it is
 * in the cache.
 */
export const document = ({ capacity, earlier, root }: Options) => {
  /** The resource of the path. If the slashes of a name are not encoded, exactly one reading must exist. */
  const find = Effect.fnUntraced(function* (
    target: Target,
    readings: ReadonlyArray<Reading<Name>>,
    query: Parameters.Query,
    present: Snapshot.Snapshot,
    { selection, takenAt }: ListQuery.ListQuery
  ): Effect.fn.Return<Found, Problem> {
    const now = { snapshot: present, root, base: `${root}/${collectionOf(target)}`, history: earlier !== undefined }
    let moment: Moment | undefined
    const look = Effect.fnUntraced(function* ({ name, parameters }: Reading<Name>) {
      const shown = routes[name].resource
      if (shown === undefined) return undefined
      if (shown._tag !== "Snapshot") {
        if (earlier === undefined) return undefined
        const resource = yield* HistoryDocuments.find(shown, parameters, { view: now, earlier, query, capacity })
        return resource && { resource, moment: { snapshot: present, past: false }, latest: undefined }
      }
      moment ??= yield* momentOf(earlier, query, present, takenAt)
      const view = { ...now, ...moment }
      const resource = shown.find(view, parameters, selection)
      const latest = () => shown.find(now, parameters, { ...selection, offset: undefined })
      const isThere = resource !== undefined && moment.past && latest() !== undefined
      return resource && { resource, moment, latest: isThere ? () => latest()! : undefined }
    })
    let only: Found | undefined
    for (const reading of readings) {
      const found = yield* look(reading)
      if (found === undefined) continue
      if (only !== undefined) return yield* ambiguous(only, found)
      only = found
      if (reading.canonical) break
    }
    if (only !== undefined) return only
    const isHistory = ({ name }: Reading<Name>) => (routes[name].resource?._tag ?? "Snapshot") !== "Snapshot"
    if (earlier === undefined && readings.some(isHistory)) return yield* noHistory
    return yield* Missing.resource({ ...now, ...moment }, readings)
  })

  return Effect.fnUntraced(function* (
    request: Request,
    target: Target,
    readings: ReadonlyArray<Reading<Name>>
  ): Effect.fn.Return<Response, Problem, Authentication.Tokens | Collector.Collector> {
    yield* authorize(request)
    const query = yield* Effect.fromResult(Parameters.decode(target.query))
    yield* Effect.fromResult(
      Parameters.checkMeaning(
        query,
        readings.flatMap(({ name }) => routes[name].query)
      )
    )
    const mediaType = yield* Effect.fromResult(negotiate(request.headers.accept))
    const list = yield* Effect.fromResult(ListQuery.make(query, target.query))
    const present = yield* current
    const address = keyOf(request, mediaType)
    const known = RepresentationCache.cacheOf(present).get(address)
    if (known !== undefined) return yield* lifted(respond(request, RepresentationCache.cacheOf(present), known))
    const { latest, moment, resource: plain } = yield* find(target, readings, query, present, list)
    const resource = latest === undefined ? plain : withLatest(plain, latest)
    const cache = RepresentationCache.cacheOf(moment.snapshot)
    // The cache of the snapshot may have the same address from when the snapshot was current; that document has other
    // links.
    const key = moment.past ? `${address} past${latest === undefined ? "" : " latest"}` : address
    const made =
      cache.get(key) ??
      (yield* mediaType === MediaType.html
        ? RepresentationCache.make(
            cache,
            key,
            "text/html; charset=utf-8",
            { "content-security-policy": Html.contentSecurityPolicy },
            () => [Html.render(resource)]
          )
        : RepresentationCache.make(
            cache,
            key,
            mediaType,
            query.page_size === undefined ? {} : pageLinks(resource),
            () => Hal.chunks(resource, rendering(query))
          ))
    return yield* lifted(respond(request, cache, made))
  })
}

const lifted = (response: Response | Effect.Effect<Response>) =>
  Effect.isEffect(response) ? response : Effect.succeed(response)

/** Looks a document up by its address, synchronously. It checks only the token and decodes nothing. */
export const lookUp =
  (latest: () => Option.Option<Snapshot.Snapshot>, known: Known) =>
  (request: Lookup): Response | undefined => {
    if ((request.method !== "GET" && request.method !== "HEAD") || hasBody(request)) return undefined
    const token = parseBearer(request.headers.authorization)
    const holder = token === undefined ? undefined : known(token, request.connection)
    if (holder === undefined) return undefined
    const mediaType = negotiate(request.headers.accept)
    if (Result.isFailure(mediaType)) return undefined
    const snapshot = latest()
    if (Option.isNone(snapshot)) return undefined
    const cache = RepresentationCache.cacheOf(snapshot.value)
    const document = cache.get(keyOf(request, mediaType.success))
    if (document === undefined) return undefined
    const response = respond(request, cache, document)
    // A streamed document takes the slow path.
    if (Effect.isEffect(response) || (response.body !== undefined && isStream(response.body))) return undefined
    request.note.user = holder.principal.username
    request.note.route = "kept"
    return response
  }
