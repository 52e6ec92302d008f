/**
 * The past as a running server tells it. Loaded only by commands that ask one.
 *
 * @since 0.1.0
 */
import type { History } from "@gitlab-registry-usage/core"
import { Duration, Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import { type Stopped, usage } from "../output/CommandFailure.ts"
import * as Documents from "./ApiDocuments.ts"
import * as HalClient from "./HalClient.ts"
import * as ImageChanges from "./ImageChanges.ts"
import { Past, type Span } from "./HistorySource.ts"
import * as When from "./Instant.ts"

/** The most growers that the API tells, and the images of a page. */
const maximumLimit = 1000
const pageSize = "100"

const spanOf = ({ from, to }: Span): HalClient.Parameters => ({
  from: When.toQuery(from),
  to: to === undefined ? undefined : When.toQuery(to)
})

const noHistory = usage(
  "--api: this server keeps no earlier snapshots",
  "they are kept with a database only: set it in [database] of the server's configuration"
)

const present = <A>(reading: Effect.Effect<A, Stopped | HalClient.Missing>): Effect.Effect<A, Stopped> =>
  Effect.catchTag(reading, "Missing", ({ detail }) => Effect.fail(usage(`--api: ${detail}`)))

const make = Effect.fnUntraced(function* (options: HalClient.Options) {
  const { get, links } = yield* HalClient.make(options)

  const linked = (name: string) => {
    const href = HalClient.hrefOf(links, name)
    return href === undefined ? Effect.fail(noHistory) : Effect.succeed(href)
  }

  /** Where the history or growth of a subject is told. What is gone by now has no document that would link to it. */
  const courseOf = Effect.fnUntraced(function* ({ _tag, path }: History.Entity, name: "history" | "growth") {
    const whole = yield* linked(name)
    if (path === "") return whole
    const template = yield* linked(_tag === "Repository" ? "image" : "namespace")
    const href = HalClient.expand(template, { image: path, namespace: path })
    return yield* get(Documents.Linked, href, { links: "true" }).pipe(
      Effect.map(({ _links }) => HalClient.hrefOf(_links, name) ?? `${href}/${name}`),
      Effect.catchTag("Missing", () => Effect.succeed(`${href}/${name}`))
    )
  })

  /** All images of a snapshot with their tags, page by page. */
  const imagesOf = Effect.fnUntraced(function* (href: string) {
    const items: Array<Documents.Image> = []
    let page = yield* present(get(Documents.Images, href, { embed: "3", links: "true", page_size: pageSize }))
    const { accounting, disk_size, timestamp } = page
    while (true) {
      items.push(...page._embedded.items)
      const next = HalClient.hrefOf(page._links, "next")
      if (next === undefined) break
      page = yield* present(get(Documents.Images, next))
    }
    return { items, accounting, state: { takenAt: Documents.instantOf(timestamp), diskSize: disk_size } }
  })

  return Past.of({
    course: Effect.fnUntraced(function* (subject, span, step) {
      const href = yield* courseOf(subject, "history")
      const parameters = { ...spanOf(span), step: `${Duration.toMillis(step)}ms` }
      const { from, points, to } = yield* present(get(Documents.Course, href, parameters))
      return {
        period: { from: Documents.instantOf(from), to: Documents.instantOf(to) },
        points: points.map((point) => ({
          takenAt: Documents.instantOf(point.timestamp),
          figures: Documents.figuresOf(point)
        }))
      }
    }),
    growth: Effect.fnUntraced(function* ({ by, limit, of, path, span }) {
      const href = yield* courseOf({ _tag: "Namespace", path }, "growth")
      const document = yield* present(
        get(Documents.Growing, href, {
          ...spanOf(span),
          by,
          of,
          limit: `${Math.min(limit ?? maximumLimit, maximumLimit)}`,
          embed: "1"
        })
      )
      const { capacity, from, projection, to } = document
      return {
        period: { from: Documents.instantOf(from), to: Documents.instantOf(to) },
        growth: Documents.growthOf(document),
        capacity: capacity ?? undefined,
        projection: projection === null ? undefined : Documents.projectionOf(projection)
      }
    }),
    since: Effect.fnUntraced(function* (when) {
      const before = yield* imagesOf(HalClient.expand(yield* linked("at"), { at: When.toQuery(when) }))
      const after = yield* imagesOf(yield* linked("images"))
      return {
        before: before.state,
        after: after.state,
        accounting: after.accounting,
        changes: ImageChanges.compare(before.items, after.items)
      }
    })
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: HalClient.Options): Layer.Layer<Past, Stopped, HttpClient.HttpClient> =>
  Layer.effect(Past, make(options))
