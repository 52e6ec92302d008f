/**
 * The history of a running server, read over its API. Loaded only by commands that use it.
 */
import { type History, Instant } from "@gitlab-registry-usage/core"
import { Duration, Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"
import * as Documents from "./ApiDocuments.ts"
import * as HalClient from "./HalClient.ts"
import { hint, HistorySource, type TimeRange } from "./HistorySource.ts"
import * as ImageChanges from "./ImageChanges.ts"

/** The API's maximum of items in a growth document, and the size of a page of images. */
const maximumLimit = 1000
const pageSize = "100"

const rangeParameters = ({ from, to }: TimeRange): HalClient.Parameters => ({
  from: Instant.format(from),
  to: to === undefined ? undefined : Instant.format(to)
})

const noHistory = usageError(
  "--api: this server keeps no earlier snapshots",
  "they are kept with a database only: set it in [database] of the server's configuration"
)

const present = <A>(reading: Effect.Effect<A, CommandFailure | HalClient.Missing>): Effect.Effect<A, CommandFailure> =>
  Effect.catchTag(reading, "Missing", ({ detail }) => Effect.fail(usageError(`--api: ${detail}`)))

const make = Effect.fnUntraced(function* (options: HalClient.Options) {
  const { get, links } = yield* HalClient.make(options)

  const linked = (name: string) => {
    const href = HalClient.hrefOf(links, name)
    return href === undefined ? Effect.fail(noHistory) : Effect.succeed(href)
  }

  /** The address of a subject's history or growth. A subject that no longer exists has no document with a link to it. */
  const addressOf = Effect.fnUntraced(function* ({ _tag, path }: History.Entity, name: "history" | "growth") {
    const whole = yield* linked(name)
    if (path === "") return whole
    const template = yield* linked(_tag === "Repository" ? "image" : "namespace")
    const href = HalClient.expand(template, { image: path, namespace: path })
    return yield* get(Documents.Linked, href, { links: "true" }).pipe(
      Effect.map(({ _links }) => HalClient.hrefOf(_links, name) ?? `${href}/${name}`),
      Effect.catchTag("Missing", () => Effect.succeed(`${href}/${name}`))
    )
  })

  /** A subject that is missing is an error with the nearest name as commands write it, instead of the server's hint. */
  const presentSubject = <A>(subject: History.Entity, reading: Effect.Effect<A, CommandFailure | HalClient.Missing>) =>
    Effect.catchTag(
      reading,
      "Missing",
      Effect.fnUntraced(function* ({ detail }) {
        const { _links } = yield* present(get(Documents.Names, yield* linked("images"), { links: "true" }))
        const names = (_links.items ?? []).map(({ title }) => title)
        return yield* usageError(`--api: ${detail.replace(/; .*$/s, "")}`, hint(subject, names))
      })
    )

  /** Reads all pages of the images of a snapshot, with their tags. */
  const imagesOf = Effect.fnUntraced(function* (href: string) {
    const items: Array<Documents.Image> = []
    let page = yield* present(get(Documents.Images, href, { embed: "3", links: "true", page_size: pageSize }))
    const { accounting, disk_size: diskSize, gaps, timestamp: takenAt } = page
    while (true) {
      items.push(...page._embedded.items)
      const next = HalClient.hrefOf(page._links, "next")
      if (next === undefined) break
      page = yield* present(get(Documents.Images, next))
    }
    return { items, accounting, totals: { takenAt, diskSize, gaps } }
  })

  return HistorySource.of({
    timeSeries: Effect.fnUntraced(function* (subject, range, step) {
      const href = yield* addressOf(subject, "history")
      const parameters = { ...rangeParameters(range), step: `${Duration.toMillis(step)}ms` }
      const { from, points, to } = yield* presentSubject(subject, get(Documents.TimeSeries, href, parameters))
      return {
        period: { from, to },
        points: points.map((point) => ({ takenAt: point.timestamp, figures: Documents.parseFigures(point) }))
      }
    }),
    growth: Effect.fnUntraced(function* ({ by, limit = maximumLimit, of, path, range }) {
      const subject: History.Entity = { _tag: "Namespace", path }
      const href = yield* addressOf(subject, "growth")
      // A server of an earlier release does not know `new_bytes`: it sorts by its own default.
      const measure = by === "new_bytes" ? {} : { by }
      const parameters = {
        ...rangeParameters(range),
        ...measure,
        of,
        limit: `${Math.min(limit, maximumLimit)}`,
        embed: "1"
      }
      const document = yield* presentSubject(subject, get(Documents.Growth, href, parameters))
      const { _embedded, capacity, from, matching, projection, to, ...growth } = document
      return {
        period: { from, to },
        growth: {
          ...Documents.parseChange(growth),
          matching,
          // The document has no other state of the namespace than its sizes.
          presence: "both",
          growers: _embedded.items.map(({ gone, name, new: isNew, path, ...change }) => ({
            ...Documents.parseChange(change),
            path: name ?? path ?? "",
            presence: isNew === true ? "new" : gone === true ? "gone" : "both"
          }))
        },
        capacity,
        projection
      }
    }),
    changesSince: Effect.fnUntraced(function* (instant) {
      const before = yield* imagesOf(HalClient.expand(yield* linked("at"), { at: Instant.format(instant) }))
      const after = yield* imagesOf(yield* linked("images"))
      return {
        before: before.totals,
        after: after.totals,
        accounting: after.accounting,
        changes: ImageChanges.compare(before.items, after.items),
        blobs: undefined
      }
    })
  })
})

export const layer = (options: HalClient.Options): Layer.Layer<HistorySource, CommandFailure, HttpClient.HttpClient> =>
  Layer.effect(HistorySource, make(options))
