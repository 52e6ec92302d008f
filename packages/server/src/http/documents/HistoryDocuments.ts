/**
 * From a path and a query to the history or the growth that they name.
 *
 * @since 0.1.0
 */
import {
  DurationText,
  Growth,
  GrowthResources,
  Hal,
  History,
  HistoryResources,
  type Names,
  Projection,
  type UsageResources
} from "@gitlab-registry-usage/core"
import { Duration, Effect, Result } from "effect"
import { type Past, tooEarly } from "./EarlierSnapshots.ts"
import { badRequest, type Problem } from "../wire/Problem.ts"
import { single } from "../query/Representation.ts"
import { spanOf, stepOf } from "../query/TimeRange.ts"

/** So many points are told unless a step is asked for, and so many at most. */
const usualPoints = 500
const maximumPoints = 5000
const maximumLimit = 1000
const usualLimit = 20

/**
 * What is asked for a course: the view of the present, what is past, and the capacity of the registry (bytes).
 *
 * @category models
 * @since 0.1.0
 */
export interface Context {
  readonly view: UsageResources.View
  readonly past: Past
  readonly query: URLSearchParams
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
          `this period has ${kept.length} points at this step, and at most ${maximumPoints} are told: ask for a longer step, such as ${DurationText.format(HistoryResources.thin(points, maximumPoints).step)}, or a shorter period`
        )
      )
}

/** The history of what is there now, or was in the period. */
const history = (subject: History.Entity, { past, query, view }: Context): Found =>
  Effect.gen(function* () {
    const { takenAt } = view.snapshot
    const { parameters, period } = yield* Effect.fromResult(spanOf(query, takenAt, "30 days"))
    const step = yield* Effect.fromResult(stepOf(query))
    const points = (yield* past.series(subject, period)).filter(({ figures }) => figures !== undefined)
    if (points.length === 0 && !History.isPresent(view.snapshot.usage, subject)) return undefined
    const kept = yield* Effect.fromResult(thinned(points, step))
    const stepped =
      step === undefined ? [] : [["step", Duration.isZero(step) ? "0" : DurationText.format(step)] as const]
    return HistoryResources.history(view, {
      entity: subject,
      period,
      ...kept,
      query: Hal.queryString([...parameters, ...stepped])
    })
  })

const oneOf = <A extends string>(query: URLSearchParams, name: string, values: ReadonlyArray<A>) =>
  Result.flatMap(single(query, name), (text): Result.Result<A | undefined, Problem> => {
    const value = values.find((value) => value === text)
    return text === "" || value !== undefined
      ? Result.succeed(value)
      : Result.fail(badRequest(`${name} takes one of ${values.join(", ")}`))
  })

const limitOf = (query: URLSearchParams) =>
  Result.flatMap(single(query, "limit"), (text): Result.Result<number | undefined, Problem> => {
    if (text === "") return Result.succeed(undefined)
    const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0
    return limit >= 1 && limit <= maximumLimit
      ? Result.succeed(limit)
      : Result.fail(badRequest(`limit takes a whole number from 1 to ${maximumLimit}`))
  })

/** What grew in a namespace that was there before or after. */
const growth = (path: string, context: Context): Found =>
  Effect.gen(function* () {
    const { past, query, view } = context
    const span = yield* Effect.fromResult(spanOf(query, view.snapshot.takenAt, "7 days"))
    const asked = yield* Effect.fromResult(
      Result.all({
        by: oneOf(query, "by", Growth.measures),
        of: oneOf(query, "of", Growth.entityKinds),
        limit: limitOf(query)
      })
    )
    const kept = yield* past.history(view.snapshot)
    const period = Growth.snapshotsIn(kept, span.period)
    if (period === undefined) return yield* tooEarly(kept)
    const { by = "disk_size", limit, of = "images" } = asked
    const found = yield* Growth.read(past, period, { by, of, below: path, limit: limit ?? usualLimit })
    if (found === undefined) return undefined
    const isRegistry = path === ""
    return GrowthResources.growth(view, {
      path,
      period,
      by,
      of,
      growth: found,
      capacity: isRegistry ? context.capacity : undefined,
      projection: isRegistry ? yield* Projection.read(past, view.snapshot.takenAt, context.capacity) : undefined,
      query: Hal.queryString([
        ...span.parameters,
        ...(asked.by === undefined ? [] : [["by", by] as const]),
        ...(asked.of === undefined ? [] : [["of", of] as const]),
        ...(limit === undefined ? [] : [["limit", String(limit)] as const])
      ])
    })
  })

/** The courses that there are, by the names of their routes. */
const courses = {
  history: (_, context) => history({ _tag: "Namespace", path: "" }, context),
  image_history: ({ image }, context) => history({ _tag: "Repository", path: image as Names.RepositoryName }, context),
  namespace_history: ({ namespace }, context) => history({ _tag: "Namespace", path: namespace! }, context),
  growth: (_, context) => growth("", context),
  namespace_growth: ({ namespace }, context) => growth(namespace!, context)
} satisfies Record<string, (parameters: Readonly<Record<string, string>>, context: Context) => Found>

/** @category models @since 0.1.0 */
export type Name = keyof typeof courses

/** @category guards @since 0.1.0 */
export const isName = (name: string): name is Name => Object.hasOwn(courses, name)

/**
 * The history or the growth that is named so; `undefined` where there is none.
 *
 * @category lookup
 * @since 0.1.0
 */
export const find = (name: Name, parameters: Readonly<Record<string, string>>, context: Context): Found =>
  courses[name](parameters, context)
