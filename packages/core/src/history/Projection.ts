/**
 * When the disk will be full at the present growth.
 *
 * @since 0.1.0
 */
import { DateTime, Duration } from "effect"
import { downsample } from "./History.ts"

/**
 * How large something was at an instant (bytes); undefined where that is unknown.
 *
 * @category models
 * @since 0.1.0
 */
export interface Level {
  readonly takenAt: DateTime.Utc
  readonly size: number | undefined
}

/**
 * Why there is no date: the capacity is not known, fewer than three days are, nothing grows, or it would take more than a
 * hundred years.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = "no-capacity" | "too-few-points" | "not-growing" | "beyond-a-century"

/**
 * What is foreseen. `bytesPerDay` is undefined where too little is known; `days` (from the last known level on) and
 * `fullAt` are undefined for the `reason`. It rests on so many `points`, one a day, from the first to the last.
 *
 * @category models
 * @since 0.1.0
 */
export interface Projection {
  readonly method: "theil-sen"
  readonly bytesPerDay: number | undefined
  readonly days: number | undefined
  readonly fullAt: DateTime.Utc | undefined
  readonly reason: Reason | undefined
  readonly basedOn: {
    readonly points: number
    readonly from: DateTime.Utc | undefined
    readonly to: DateTime.Utc | undefined
  }
}

const minimumPoints = 3
const maximumDays = 36_500
const day = Duration.toMillis("1 day")

const instantOf = ({ takenAt }: { readonly takenAt: DateTime.Utc }) => DateTime.toEpochMillis(takenAt)

/** The middle one, and between two their mean. */
const median = (values: Float64Array): number => {
  const sorted = values.toSorted()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

interface Known {
  readonly takenAt: DateTime.Utc
  readonly size: number
}

/** The median of the slopes between all pairs of points (bytes per day). */
const slopeOf = (points: ReadonlyArray<Known>): number => {
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2)
  let n = 0
  points.forEach((a, i) => {
    for (const b of points.slice(i + 1)) slopes[n++] = ((b.size - a.size) * day) / (instantOf(b) - instantOf(a))
  })
  return median(slopes)
}

/**
 * The growth of the last known level of each day (UTC), and when it reaches the `capacity` (bytes). The slope is that of
 * Theil and Sen: almost three of ten days may be anything, a cleanup or a burst, without changing the result. It is
 * taken from the last known level on, since what is free is known, and not from a line that may lie beside it. The order of
 * the levels does not matter.
 *
 * Source: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968).
 *
 * @category projecting
 * @since 0.1.0
 */
export const project = (levels: ReadonlyArray<Level>, capacity: number | undefined): Projection => {
  const known = levels
    .flatMap(({ size, takenAt }) => (size === undefined ? [] : [{ takenAt, size }]))
    .sort((a, b) => instantOf(a) - instantOf(b) || a.size - b.size)
  const points = downsample(known, Duration.millis(day))
  const last = points.at(-1)
  const basedOn = { points: points.length, from: points[0]?.takenAt, to: last?.takenAt }
  const unknown = { method: "theil-sen", basedOn, days: undefined, fullAt: undefined } as const
  if (last === undefined || points.length < minimumPoints) {
    return {
      ...unknown,
      bytesPerDay: undefined,
      reason: capacity === undefined ? "no-capacity" : "too-few-points"
    }
  }
  const bytesPerDay = slopeOf(points)
  if (capacity === undefined) return { ...unknown, bytesPerDay, reason: "no-capacity" }
  const free = Math.max(0, capacity - last.size)
  if (free > 0 && bytesPerDay <= 0) return { ...unknown, bytesPerDay, reason: "not-growing" }
  const days = free === 0 ? 0 : free / bytesPerDay
  if (days > maximumDays) return { ...unknown, bytesPerDay, reason: "beyond-a-century" }
  const fullAt = DateTime.addDuration(last.takenAt, Duration.millis(Math.round(days * day)))
  return { ...unknown, bytesPerDay, days, fullAt, reason: undefined }
}
