/**
 * The growth of the registry or a namespace as a HAL resource, and when the disk will be full.
 *
 * @since 0.1.0
 */
import type { Change, EntityKind, Grower, Growth, Measure } from "../history/Growth.ts"
import * as Hal from "./Hal.ts"
import type { Entity, Period } from "../history/History.ts"
import { seconds } from "./HistoryResources.ts"
import { entityHref } from "./EntityLink.ts"
import { growthHref, historyHref, type View } from "./View.ts"
import type { RepositoryName } from "../registry/Names.ts"
import type { Projection } from "../history/Projection.ts"

/**
 * The growth of a namespace. `period` has the instants of the two snapshots that were compared, `by` and `of` are what was
 * measured, `capacity` is in bytes, and `query` is the canonical query string of the document.
 *
 * @category models
 * @since 0.1.0
 */
export interface GrowthReport {
  readonly path: string
  readonly period: Period
  readonly by: Measure
  readonly of: EntityKind
  readonly growth: Growth
  readonly capacity: number | undefined
  readonly projection: Projection | undefined
  readonly query: string
}

const hundredth = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value * 100) / 100

const changeState = ({ after, before, change, disk, partial, percent }: Change) => ({
  before: before ?? null,
  after: after ?? null,
  change: change ?? null,
  percent: hundredth(percent),
  new_bytes: disk?.newBytes ?? null,
  freed_bytes: disk?.freedBytes ?? null,
  moved_bytes: disk?.movedBytes ?? null,
  unread_bytes: disk?.unreadBytes ?? null,
  partial: partial || undefined
})

const projectionState = ({ basedOn, bytesPerDay, days, fullAt, method, reason }: Projection): Hal.Json => ({
  method,
  bytes_per_day: bytesPerDay === undefined ? null : Math.round(bytesPerDay),
  days: hundredth(days),
  full_at: seconds(fullAt),
  reason: reason ?? null,
  based_on: { points: basedOn.points, from: seconds(basedOn.from), to: seconds(basedOn.to) }
})

/** The links of something whose size changed: its document in the snapshot that has it last, and its history. */
const linksOf = (view: View, entity: Entity, { presence }: Change, { from, to }: Period) => ({
  document: entityHref(view, entity, presence === "gone" ? from : to),
  history: historyHref(view, entity)
})

/** A grower has no document of its own: it is a part of this one, and about the image or the namespace. */
const item = (view: View, { of, period }: GrowthReport, self: string, grower: Grower): Hal.Resource => {
  const { path, presence } = grower
  const entity: Entity =
    of === "images" ? { _tag: "Repository", path: path as RepositoryName } : { _tag: "Namespace", path }
  const { document, history } = linksOf(view, entity, grower, period)
  return Hal.make({
    state: {
      [of === "images" ? "name" : "path"]: path,
      ...changeState(grower),
      new: presence === "new" || undefined,
      gone: presence === "gone" || undefined
    },
    links: () => ({ self: `${self}#${encodeURIComponent(path)}`, about: document, history })
  })
}

/**
 * The growth as a resource: `from` and `to` in seconds since 1970, sizes in bytes, `percent` to two digits; `null` where
 * something is not known, `new_bytes` and its like also where the snapshots were not compared blob by blob. `view` is the present snapshot; what is gone is linked in the snapshot that had it.
 *
 * @category resources
 * @since 0.1.0
 */
export const growth = (view: View, report: GrowthReport): Hal.Resource => {
  const { by, capacity, growth, of, path, period, projection, query } = report
  const self = `${growthHref(view, path)}${query}`
  const { document, history } = linksOf(view, { _tag: "Namespace", path }, growth, period)
  return Hal.make({
    state: {
      path,
      from: seconds(period.from),
      to: seconds(period.to),
      by,
      of,
      ...changeState(growth),
      matching: growth.matching,
      capacity: capacity ?? null,
      projection: projection === undefined ? null : projectionState(projection)
    },
    links: () => ({ self, up: document, history }),
    embedded: { items: () => growth.growers.map((grower) => item(view, report, self, grower)) }
  })
}
