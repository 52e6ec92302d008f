/** From a path and a query to the history or the growth that they name. */
import {
  Growth,
  GrowthResources,
  Hal,
  History,
  HistoryResources,
  Projection,
  type UsageResources
} from "@gitlab-registry-usage/core"
import { DateTime, type Duration, Effect, Result } from "effect"
import type { PathParameters, Shown } from "../api/Resource.ts"
import { formatDuration } from "../query/Instant.ts"
import type { Query } from "../query/Parameters.ts"
import * as TimeRange from "../query/TimeRange.ts"
import { lastAt, type Past, tooEarly } from "./EarlierSnapshots.ts"
import { badRequest, type Problem } from "../wire/Problem.ts"

/** The points of a time series without a step, and the most that one may have. */
const usualPoints = 500
const maximumPoints = 5000
const usualLimit = 20
/** What a projection rests on. */
const projected: Duration.Input = "90 days"

/** The view of the current snapshot, the earlier snapshots, the query, and the capacity of the registry (bytes). */
export interface Context {
  readonly view: UsageResources.View
  readonly past: Past
  readonly query: Query
  readonly capacity: number | undefined
}

type Found = Effect.Effect<Hal.Resource | undefined, Problem>

/** The points of each step; all that there are would be too many for one document. */
const thinned = (points: ReadonlyArray<History.Point>, step: Duration.Duration | undefined) => {
  if (step === undefined) return Result.succeed(HistoryResources.thin(points, usualPoints))
  const kept = History.downsample(points, step)
  return kept.length <= maximumPoints
    ? Result.succeed({ step, points: kept })
    : Result.fail(
        badRequest(
          `this period has ${kept.length} points at this step, and at most ${maximumPoints} are told: ask for a longer step, such as ${formatDuration(HistoryResources.thin(points, maximumPoints).step)}, or a shorter period`
        )
      )
}

/** The history of what is there now, or was in the period. */
const history = (subject: History.Entity, { past, query, view }: Context): Found =>
  Effect.gen(function* () {
    const { takenAt } = view.snapshot
    const { parameters, period } = yield* Effect.fromResult(TimeRange.make(query, takenAt, "30 days"))
    const { step } = query
    const points = (yield* past.series(subject, period)).filter(({ figures }) => figures !== undefined)
    if (points.length === 0 && !History.isPresent(view.snapshot.usage, subject)) return undefined
    const kept = yield* Effect.fromResult(thinned(points, step))
    const stepped = step === undefined ? [] : [["step", formatDuration(step)] as const]
    return HistoryResources.history(view, {
      entity: subject,
      period,
      ...kept,
      query: Hal.queryString([...parameters, ...stepped])
    })
  })

/** When the registry reaches its capacity, by what it took so far. */
const projection = Effect.fnUntraced(function* ({ capacity, past, view }: Context, subject: History.Entity) {
  const to = view.snapshot.takenAt
  const points = yield* past.series(subject, { from: DateTime.subtractDuration(to, projected), to })
  return Projection.project(
    points.map(({ figures, takenAt }) => ({ takenAt, size: figures?.sizes?.diskSize })),
    capacity
  )
})

/** What grew in a namespace that was there before or after. */
const growth = (path: string, context: Context): Found =>
  Effect.gen(function* () {
    const { past, query, view } = context
    const range = yield* Effect.fromResult(TimeRange.make(query, view.snapshot.takenAt, "7 days"))
    const kept = yield* past.history(view.snapshot)
    const to = lastAt(kept, range.period.to)
    const oldest = kept[0]
    if (to === undefined || oldest === undefined) return yield* tooEarly(kept)
    const period = { from: lastAt(kept, range.period.from) ?? oldest, to }
    const before = yield* past.figuresAt(period.from)
    const after = DateTime.Equivalence(period.from, to) ? before : yield* past.figuresAt(to)
    const { by = "disk_size", limit = usualLimit, of = "images" } = query
    const found = Growth.compare(before, after, { by, of, below: path, limit })
    if (found === undefined) return undefined
    const isRegistry = path === ""
    return GrowthResources.growth(view, {
      path,
      period,
      by,
      of,
      growth: found,
      capacity: isRegistry ? context.capacity : undefined,
      projection: isRegistry ? yield* projection(context, { _tag: "Namespace", path }) : undefined,
      query: Hal.queryString([
        ...range.parameters,
        ...(["by", "of", "limit"] as const).flatMap((name) =>
          query[name] === undefined ? [] : [[name, String(query[name])] as const]
        )
      ])
    })
  })

/** The time series or the growth that a route shows; `undefined` where the entity does not exist. */
export const find = (
  shown: Exclude<Shown, { readonly _tag: "Snapshot" }>,
  parameters: PathParameters,
  context: Context
): Found =>
  shown._tag === "History" ? history(shown.entity(parameters), context) : growth(shown.namespace(parameters), context)
