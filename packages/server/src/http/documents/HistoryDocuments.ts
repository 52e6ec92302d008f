/** Finds the time series or the growth of a request. */
import {
  DurationText,
  Growth,
  GrowthResources,
  Hal,
  History,
  HistoryResources,
  Projection,
  type UsageResources
} from "@gitlab-registry-usage/core"
import { Duration, Effect, Result } from "effect"
import type { PathParameters, Shown } from "../api/Resource.ts"
import { defaults, type Query } from "../query/Parameters.ts"
import * as TimeRange from "../query/TimeRange.ts"
import { type EarlierSnapshots, tooEarly } from "./EarlierSnapshots.ts"
import { badRequest, type Problem } from "../wire/Problem.ts"

/** The default and the maximum number of points of a time series. */
const usualPoints = 500
const maximumPoints = 5000

/**
 * What the documents need: the view of the current snapshot, the earlier snapshots, the query, and the capacity of the
 * registry (bytes).
 */
export interface Context {
  readonly view: UsageResources.View
  readonly earlier: EarlierSnapshots
  readonly query: Query
  readonly capacity: number | undefined
}

type Found = Effect.Effect<Hal.Resource | undefined, Problem>

/** Reduces the points to one for each step, because all points may be too many for one document. */
const thinned = (points: ReadonlyArray<History.Point>, step: Duration.Duration | undefined) => {
  if (step === undefined) return Result.succeed(HistoryResources.thin(points, usualPoints))
  const kept = History.downsample(points, step)
  return kept.length <= maximumPoints
    ? Result.succeed({ step, points: kept })
    : Result.fail(
        badRequest(
          `this period has ${kept.length} points at this step, and a response has at most ${maximumPoints}: use a longer step, such as ${DurationText.format(HistoryResources.thin(points, maximumPoints).step)}, or a shorter period`
        )
      )
}

/** The time series of an entity that exists now or existed in the period. */
const history = (entity: History.Entity, { earlier, query, view }: Context): Found =>
  Effect.gen(function* () {
    const { takenAt } = view.snapshot
    const { parameters, period } = yield* Effect.fromResult(TimeRange.make(query, takenAt, "30 days"))
    const { step } = query
    const points = (yield* earlier.series(entity, period)).filter(({ figures }) => figures !== undefined)
    if (points.length === 0 && !History.isPresent(view.snapshot.usage, entity)) return undefined
    const kept = yield* Effect.fromResult(thinned(points, step))
    const stepped =
      step === undefined ? [] : [["step", Duration.isZero(step) ? "0" : DurationText.format(step)] as const]
    return HistoryResources.history(view, {
      entity,
      period,
      ...kept,
      query: Hal.queryString([...parameters, ...stepped])
    })
  })

/** The growth in a namespace of either of the two snapshots. */
const growth = (path: string, context: Context): Found =>
  Effect.gen(function* () {
    const { earlier, query, view } = context
    const range = yield* Effect.fromResult(TimeRange.make(query, view.snapshot.takenAt, "7 days"))
    const kept = yield* earlier.history(view.snapshot)
    const period = Growth.snapshotsIn(kept, range.period)
    if (period === undefined) return yield* tooEarly(kept, range.period.to)
    const { by = defaults.by, limit = defaults.limit, of = defaults.of } = query
    const found = yield* Growth.read(earlier.growthOf(view.snapshot), period, { by, of, below: path, limit })
    if (found === undefined) return undefined
    const isRegistry = path === ""
    return GrowthResources.growth(view, {
      path,
      period,
      by,
      of,
      growth: found,
      capacity: isRegistry ? context.capacity : undefined,
      projection: isRegistry ? yield* Projection.read(earlier, view.snapshot.takenAt, context.capacity) : undefined,
      query: Hal.queryString([
        ...range.parameters,
        ...(["by", "of", "limit"] as const).flatMap((name) =>
          query[name] === undefined ? [] : [[name, String(query[name])] as const]
        )
      ])
    })
  })

/** The time series or the growth of a route; `undefined` if the entity does not exist. */
export const find = (
  shown: Exclude<Shown, { readonly _tag: "Snapshot" }>,
  parameters: PathParameters,
  context: Context
): Found =>
  shown._tag === "History" ? history(shown.entity(parameters), context) : growth(shown.namespace(parameters), context)
