/**
 * Documents of snapshots: found by the path, rendered once, and looked up from then on.
 *
 * @since 0.1.0
 */
import { type Authentication, Collector, Hal, type Listing, type Snapshot } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Option, Result } from "effect"
import type { Name } from "./Api.ts"
import { authorize, bearerOf } from "./Bearer.ts"
import * as Courses from "./Courses.ts"
import * as Encoding from "./Encoding.ts"
import { type Answer, isMade, type Request } from "./Exchange.ts"
import * as Html from "./Html.ts"
import { noHistory, type Past } from "./Past.ts"
import { type Problem, unavailable } from "./Problem.ts"
import * as Rendered from "./Rendered.ts"
import { MediaType, mediaTypeOf, renderingOf } from "./Rendering.ts"
import * as Resources from "./Resources.ts"
import type { Reading } from "./Router.ts"
import { cursorGone, selectedOf } from "./Selecting.ts"
import { atOf } from "./Spans.ts"
import type { Target } from "./Target.ts"
import type { Known } from "./TokenCache.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /** The path of the API, which begins every link. */
  readonly root: string
  /** What is past, where the store keeps it. */
  readonly past: Past | undefined
  /** What the registry may take (bytes). */
  readonly capacity: number | undefined
}

/**
 * The snapshot that is served. Fails with 503 before there is one.
 *
 * @category lookup
 * @since 0.1.0
 */
export const current = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  const current = yield* collector.current
  if (Option.isSome(current)) return current.value
  return yield* unavailable("the registry has not been crawled yet; the first crawl is under way", 5)
})

/** The collection of images has two names, and each links within itself. */
const collectionOf = ({ segments }: Target) => (segments[0]?.text === "repositories" ? "repositories" : "images")

/** @category guards @since 0.1.0 */
export const hasBody = ({ headers }: Request): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"

/** Where a document of a snapshot is kept. */
const keyOf = (request: Request, mediaType: string) => `${mediaType} ${request.url}`

const found = (request: Request, memory: Rendered.Memory, document: Rendered.Rendered) =>
  Rendered.answer(
    memory,
    document,
    request.headers["if-none-match"],
    Encoding.negotiate(request.headers["accept-encoding"] as string | undefined)
  )

/** A snapshot that is asked about, and whether it is asked about as of the past. */
interface Moment {
  readonly snapshot: Snapshot.Snapshot
  readonly past: boolean
}

/** The present snapshot, the one in force `at` an instant, or that of the cursor, which knows best. */
const momentOf = Effect.fnUntraced(function* (
  past: Past | undefined,
  query: URLSearchParams,
  present: Snapshot.Snapshot,
  cursor: number | undefined
): Effect.fn.Return<Moment, Problem> {
  const at = yield* Effect.fromResult(atOf(query, present.takenAt))
  const isCurrent = cursor === undefined || cursor === DateTime.toEpochMillis(present.takenAt)
  if (at === undefined && isCurrent) return { snapshot: present, past: false }
  if (past === undefined) return yield* at === undefined ? cursorGone : noHistory
  if (cursor === undefined) return { snapshot: yield* past.at(at!, present), past: true }
  return { snapshot: isCurrent ? present : yield* past.exactly(cursor, present), past: true }
})

/** A document to be made, and with what it is kept. */
interface Found {
  readonly resource: Hal.Resource
  readonly moment: Moment
  /** Where the same is told of the present. */
  readonly latest: (() => Hal.Resource) | undefined
}

/** A way back to the present, for what is there still. */
const withLatest = (resource: Hal.Resource, latest: () => Hal.Resource): Hal.Resource => ({
  ...resource,
  links: () => ({ ...resource.links(), latest: latest().links()["self"]! })
})

/**
 * Answers with a document: of the present snapshot or an earlier one, or of their course. It is made where it is not kept.
 *
 * @category handlers
 * @since 0.1.0
 */
export const document = ({ capacity, past, root }: Options) => {
  /** The one thing that the path names, by all that it may mean; see `Resources.only`. */
  const find = Effect.fnUntraced(function* (
    target: Target,
    readings: ReadonlyArray<Reading<Name>>,
    present: Snapshot.Snapshot,
    selection: Listing.Selection,
    cursor: number | undefined
  ): Effect.fn.Return<Found, Problem> {
    const now = { snapshot: present, root, base: `${root}/${collectionOf(target)}`, history: past !== undefined }
    let moment: Moment | undefined
    const look = Effect.fnUntraced(function* ({ name, parameters }: Reading<Name>) {
      if (Courses.isName(name)) {
        if (past === undefined) return undefined
        const course = Courses.find(name, parameters, { view: now, past, query: target.query, capacity })
        const resource = yield* course
        return resource && { resource, moment: { snapshot: present, past: false }, latest: undefined }
      }
      if (!Resources.isName(name)) return undefined
      moment ??= yield* momentOf(past, target.query, present, cursor)
      const view = { ...now, ...moment }
      const resource = Resources.find(view, name, parameters, selection)
      const latest = () => Resources.find(now, name, parameters, { ...selection, offset: undefined })
      const isThere = resource !== undefined && moment.past && latest() !== undefined
      return resource && { resource, moment, latest: isThere ? () => latest()! : undefined }
    })
    let only: Found | undefined
    for (const reading of readings) {
      const found = yield* look(reading)
      if (found === undefined) continue
      if (only !== undefined) return yield* Resources.ambiguous
      only = found
      if (reading.canonical) break
    }
    if (only !== undefined) return only
    if (past === undefined && readings.some(({ name }) => Courses.isName(name))) return yield* noHistory
    return yield* Resources.nothing(moment?.past === true ? moment.snapshot : undefined)
  })

  return Effect.fnUntraced(function* (
    request: Request,
    target: Target,
    readings: ReadonlyArray<Reading<Name>>
  ): Effect.fn.Return<Answer, Problem, Authentication.Tokens | Collector.Collector> {
    yield* authorize(request)
    const rendering = yield* Effect.fromResult(renderingOf(target.query))
    const mediaType = yield* Effect.fromResult(mediaTypeOf(request.headers.accept))
    const { selection, takenAt } = yield* Effect.fromResult(selectedOf(target.query))
    const present = yield* current
    const address = keyOf(request, mediaType)
    const known = Rendered.memoryOf(present).get(address)
    if (known !== undefined) return yield* lifted(found(request, Rendered.memoryOf(present), known))
    const { latest, moment, resource: plain } = yield* find(target, readings, present, selection, takenAt)
    const resource = latest === undefined ? plain : withLatest(plain, latest)
    const memory = Rendered.memoryOf(moment.snapshot)
    // The same address may have told of the present, once.
    const key = moment.past ? `${address} past${latest === undefined ? "" : " latest"}` : address
    const made =
      memory.get(key) ??
      (yield* mediaType === MediaType.html
        ? Rendered.make(
            memory,
            key,
            "text/html; charset=utf-8",
            { "content-security-policy": Html.contentSecurityPolicy },
            () => [Html.render(resource)]
          )
        : Rendered.make(memory, key, mediaType, {}, () => Hal.pieces(resource, rendering)))
    return yield* lifted(found(request, memory, made))
  })
}

const lifted = (answer: Answer | Effect.Effect<Answer>) => (Effect.isEffect(answer) ? answer : Effect.succeed(answer))

/**
 * What is asked for again is looked up by its address, with nothing decoded and nothing waited for: only the token is
 * looked at.
 *
 * @category handlers
 * @since 0.1.0
 */
export const kept =
  (latest: () => Option.Option<Snapshot.Snapshot>, known: Known) =>
  (request: Request): Answer | undefined => {
    if ((request.method !== "GET" && request.method !== "HEAD") || hasBody(request)) return undefined
    const token = bearerOf(request.headers.authorization)
    const holder = token === undefined ? undefined : known(token, request.connection)
    if (holder === undefined) return undefined
    const mediaType = mediaTypeOf(request.headers.accept)
    if (Result.isFailure(mediaType)) return undefined
    const snapshot = latest()
    if (Option.isNone(snapshot)) return undefined
    const memory = Rendered.memoryOf(snapshot.value)
    const document = memory.get(keyOf(request, mediaType.success))
    if (document === undefined) return undefined
    const answer = found(request, memory, document)
    // What is made while it is sent takes a fiber.
    if (Effect.isEffect(answer) || (answer.body !== undefined && isMade(answer.body))) return undefined
    request.note.user = holder.principal.username
    request.note.route = "kept"
    return answer
  }
