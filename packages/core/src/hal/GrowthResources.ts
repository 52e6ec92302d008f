/**
 * What grew, and when the disk will be full, as a HAL resource.
 *
 * @since 0.1.0
 */
import type { Measure, Change, Grower, Growth, EntityKind } from "../history/Growth.ts"
import type { Json, Resource } from "./Hal.ts"
import type { Period, Entity } from "../history/History.ts"
import { seconds } from "./HistoryResources.ts"
import { entityHref } from "./EntityLink.ts"
import { growthHref, historyHref, type View } from "./View.ts"
import type { RepositoryName } from "../registry/Names.ts"
import type { Projection } from "../history/Projection.ts"

/**
 * The growth of a namespace, by what it was asked for. `period` are the instants of the snapshots that were compared, `capacity`
 * is in bytes, and `query` is the canonical query string that asks for it.
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

const changeState = ({ after, before, change, percent }: Change) => ({
  before: before ?? null,
  after: after ?? null,
  change: change ?? null,
  percent: hundredth(percent)
})

const projectionState = ({ basedOn, bytesPerDay, days, fullAt, method, reason }: Projection): Json => ({
  method,
  bytes_per_day: bytesPerDay === undefined ? null : Math.round(bytesPerDay),
  days: hundredth(days),
  full_at: fullAt === undefined ? null : seconds(fullAt),
  reason: reason ?? null,
  based_on: {
    points: basedOn.points,
    from: basedOn.from === undefined ? null : seconds(basedOn.from),
    to: basedOn.to === undefined ? null : seconds(basedOn.to)
  }
})

/** A grower has no document of its own: it is a part of this one, and about the image or the namespace. */
const item = (view: View, { of, period }: GrowthReport, self: string, grower: Grower): Resource => {
  const { path, presence } = grower
  const entity: Entity =
    of === "images" ? { _tag: "Repository", path: path as RepositoryName } : { _tag: "Namespace", path }
  return {
    state: {
      ...(of === "images" ? { name: path } : { path }),
      ...changeState(grower),
      ...(presence === "both" ? {} : { [presence]: true })
    },
    links: () => ({
      self: { href: `${self}#${encodeURIComponent(path)}` },
      about: { href: entityHref(view, entity, presence === "gone" ? period.from : period.to) },
      history: { href: historyHref(view, entity) }
    }),
    embedded: {}
  }
}

/**
 * The growth as a resource: `from` and `to` in seconds since 1970, sizes in bytes, `percent` to two digits; `null` where
 * something is not known. The view is that of the present; what is gone by then is linked where it was.
 *
 * @category resources
 * @since 0.1.0
 */
export const growth = (view: View, report: GrowthReport): Resource => {
  const { by, capacity, growth, of, path, period, projection, query } = report
  const entity: Entity = { _tag: "Namespace", path }
  const self = `${growthHref(view, path)}${query}`
  return {
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
    links: () => ({
      self: { href: self },
      up: { href: entityHref(view, entity, growth.presence === "gone" ? period.from : period.to) },
      history: { href: historyHref(view, entity) }
    }),
    embedded: { items: () => growth.growers.map((grower) => item(view, report, self, grower)) }
  }
}
