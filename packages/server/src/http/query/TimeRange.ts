/**
 * What period of the past a request is about: `from`, `to` and `step`.
 *
 * @since 0.1.0
 */
import { DurationText, type History, Instant } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Result } from "effect"
import { parse } from "./Instant.ts"
import { badRequest, type Problem } from "../wire/Problem.ts"
import { single } from "./Representation.ts"

/**
 * A period, and the parameters that ask for it again: those that were given.
 *
 * @category models
 * @since 0.1.0
 */
export interface Span {
  readonly period: History.Period
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

const instantOf = (query: URLSearchParams, name: string) =>
  Result.flatMap(single(query, name), (text): Result.Result<Instant.Instant | undefined, Problem> =>
    text === "" ? Result.succeed(undefined) : parse(name, text)
  )

/**
 * Reads `at`, where it is given. Fails with 400 where it is malformed.
 *
 * @category decoding
 * @since 0.1.0
 */
export const atOf = (query: URLSearchParams, latest: DateTime.Utc): Result.Result<DateTime.Utc | undefined, Problem> =>
  Result.map(instantOf(query, "at"), (at) => (at === undefined ? undefined : Instant.resolve(at, latest)))

/**
 * Reads `from` and `to`. By default the period ends with the latest snapshot, and began so long before that. Fails with 400
 * where one is malformed, or they are in the wrong order.
 *
 * @category decoding
 * @since 0.1.0
 */
export const spanOf = (
  query: URLSearchParams,
  latest: DateTime.Utc,
  length: Duration.Input
): Result.Result<Span, Problem> =>
  Result.flatMap(Result.all({ from: instantOf(query, "from"), to: instantOf(query, "to") }), ({ from, to }) => {
    const period = {
      from: Instant.resolve(from ?? Instant.ago(length), latest),
      to: to === undefined ? latest : Instant.resolve(to, latest)
    }
    if (DateTime.isGreaterThan(period.from, period.to)) {
      return Result.fail(
        badRequest(
          `from is ${DateTime.formatIso(period.from)}, which is after to, ${DateTime.formatIso(period.to)}: write the earlier one as from`
        )
      )
    }
    return Result.succeed({
      period,
      parameters: [
        ...(from === undefined ? [] : [["from", Instant.format(from)] as const]),
        ...(to === undefined ? [] : [["to", Instant.format(to)] as const])
      ]
    })
  })

const maximumStep = Duration.days(3660)

/**
 * Reads `step`, `undefined` where none is given, as the text in which it is asked for again. Fails with 400 for what is no
 * duration.
 *
 * @category decoding
 * @since 0.1.0
 */
export const stepOf = (query: URLSearchParams): Result.Result<Duration.Duration | undefined, Problem> =>
  Result.flatMap(single(query, "step"), (text) => {
    if (text === "") return Result.succeed(undefined)
    const step = text === "0" ? Duration.zero : DurationText.parse(text)
    return step === undefined || Duration.isGreaterThan(step, maximumStep)
      ? Result.fail(badRequest("step takes a duration such as 1h or 1d, or 0 for every snapshot"))
      : Result.succeed(step)
  })
