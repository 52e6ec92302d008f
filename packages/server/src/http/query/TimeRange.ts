/** The period of a request: `from` and `to`. */
import { type History, Instant } from "@gitlab-registry-usage/core"
import { DateTime, type Duration, Result } from "effect"
import { badRequest, type Problem } from "../wire/Problem.ts"
import type { Query } from "./Parameters.ts"

/** A period, and the request's parameters for it, which links repeat. */
export interface TimeRange {
  readonly period: History.Period
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

/**
 * The period of a query. By default it ends with the latest snapshot and begins `length` before its end. Fails with 400
 * if it begins after its end.
 */
export const make = (query: Query, latest: DateTime.Utc, length: Duration.Input): Result.Result<TimeRange, Problem> => {
  const { from: begin, to: end } = query
  const from = begin === undefined ? DateTime.subtractDuration(latest, length) : Instant.resolve(begin, latest)
  const to = end === undefined ? latest : Instant.resolve(end, latest)
  if (DateTime.isGreaterThan(from, to)) {
    return Result.fail(
      badRequest(
        `from is ${DateTime.formatIso(from)}, which is after to, ${DateTime.formatIso(to)}: write the earlier one as from`
      )
    )
  }
  const parameters = Object.entries({ from: begin, to: end }).flatMap(([name, instant]) =>
    instant === undefined ? [] : [[name, Instant.format(instant)] as const]
  )
  return Result.succeed({ period: { from, to }, parameters })
}
