/**
 * The history of an image or a namespace as a HAL resource.
 *
 * @since 0.1.0
 */
import { DateTime, Duration } from "effect"
import * as Hal from "./Hal.ts"
import { downsample, isPresent, type Period, type Point, type Entity } from "../history/History.ts"
import { sizesState } from "./SizesState.ts"
import { entityHref } from "./EntityLink.ts"
import { growthHref, historyHref, type View } from "./View.ts"
import { namespaceOf } from "../registry/Names.ts"

/**
 * The steps to choose from where a request names none, the finest first. 0 keeps every point.
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
 * Thins a time series by the finest of `steps` that leaves at most `maximum` points, or by the coarsest.
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
 * The history of an entity in a period: the last point of each step. `query` is the canonical query string of the document.
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
 * An instant in seconds since 1970, with fractions; `null` where there is none.
 *
 * @category rendering
 * @since 0.1.0
 */
export const seconds = (instant: DateTime.Utc | undefined): number | null =>
  instant === undefined ? null : DateTime.toEpochMillis(instant) / 1000

/**
 * The time series as a resource: `from` and `to` in seconds since 1970, the `step` in seconds, sizes in bytes, `null` where
 * they were unknown. A snapshot that does not have the entity has no point. `view` is the present snapshot; what is gone is
 * linked in the last snapshot that had it.
 *
 * @category resources
 * @since 0.1.0
 */
export const history = (view: View, { entity, period, points, query, step }: TimeSeries): Hal.Resource => {
  const seen = points.flatMap(({ figures, takenAt }) => (figures === undefined ? [] : [{ figures, takenAt }]))
  const isNamespace = entity._tag === "Namespace"
  const namespace: Entity = { _tag: "Namespace", path: isNamespace ? entity.path : namespaceOf(entity.path) }
  return Hal.make({
    state: {
      [isNamespace ? "path" : "name"]: entity.path,
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
      self: `${historyHref(view, entity)}${query}`,
      up: entityHref(view, entity, seen.at(-1)?.takenAt),
      growth: growthHref(view, isPresent(view.snapshot.usage, namespace) ? namespace.path : "")
    })
  })
}
