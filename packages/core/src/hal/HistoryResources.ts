/**
 * The course of sizes over time as a HAL resource.
 *
 * @since 0.1.0
 */
import { DateTime, Duration } from "effect"
import type { Resource } from "./Hal.ts"
import { downsample, isPresent, type Period, type Point, type Entity } from "../history/History.ts"
import { sizesState } from "./SizesState.ts"
import { entityHref } from "./EntityLink.ts"
import { growthHref, historyHref, type View } from "./View.ts"
import { namespaceOf } from "../registry/Names.ts"

/**
 * Steps that are chosen from where none is asked for, the finest first. 0 keeps every point.
 *
 * @category constants
 * @since 0.1.0
 */
export const steps: ReadonlyArray<Duration.Duration> = (
  [
    Duration.zero,
    "1 minute",
    "5 minutes",
    "10 minutes",
    "30 minutes",
    "1 hour",
    "3 hours",
    "6 hours",
    "12 hours",
    "1 day",
    "7 days",
    "30 days",
    "365 days"
  ] as const
).map(Duration.fromInputUnsafe)

/**
 * A series thinned by the finest of `steps` that leaves at most so many points (or by the coarsest).
 *
 * @category thinning
 * @since 0.1.0
 */
export const thin = <A extends { readonly takenAt: DateTime.Utc }>(
  points: ReadonlyArray<A>,
  maximum: number
): { readonly step: Duration.Duration; readonly points: ReadonlyArray<A> } => {
  const step = steps.find((step) => downsample(points, step).length <= maximum) ?? steps.at(-1)!
  return { step, points: downsample(points, step) }
}

/**
 * The course of a entity in a period, the last point of each step. `query` is the canonical query string that asks for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimeSeries {
  readonly entity: Entity
  readonly period: Period
  readonly step: Duration.Duration
  readonly points: ReadonlyArray<Point>
  readonly query: string
}

/**
 * An instant as documents tell it: seconds since 1970, with fractions.
 *
 * @category rendering
 * @since 0.1.0
 */
export const seconds = (instant: DateTime.Utc): number => DateTime.toEpochMillis(instant) / 1000

/**
 * The course as a resource: `from` and `to` in seconds since 1970, the `step` in seconds, sizes in bytes, `null` where they
 * were unknown. A snapshot in which the entity was not there has no point. The view is that of the present; what is gone by
 * then is linked where it was seen last.
 *
 * @category resources
 * @since 0.1.0
 */
export const history = (view: View, { period, points, query, step, entity }: TimeSeries): Resource => {
  const seen = points.flatMap(({ figures, takenAt }) => (figures === undefined ? [] : [{ figures, takenAt }]))
  const namespace = entity._tag === "Namespace" ? entity.path : namespaceOf(entity.path)
  return {
    state: {
      ...(entity._tag === "Namespace" ? { path: entity.path } : { name: entity.path }),
      from: seconds(period.from),
      to: seconds(period.to),
      step: Duration.toSeconds(step),
      points: seen.map(({ figures: { gaps, repositories, sizes, tags }, takenAt }) => ({
        timestamp: seconds(takenAt),
        ...sizesState(sizes),
        images: repositories,
        tags,
        gaps
      }))
    },
    links: () => ({
      self: { href: `${historyHref(view, entity)}${query}` },
      up: { href: entityHref(view, entity, seen.at(-1)?.takenAt) },
      growth: {
        href: growthHref(view, isPresent(view.snapshot.usage, { _tag: "Namespace", path: namespace }) ? namespace : "")
      }
    }),
    embedded: {}
  }
}
