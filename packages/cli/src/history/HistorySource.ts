/**
 * The port to what a server kept: how sizes went, what grew, and what there was at an instant.
 */
import type { Diff, Growth, History, Projection, Usage, Instant } from "@gitlab-registry-usage/core"
import { Context, type DateTime, type Duration, type Effect } from "effect"
import type { CommandFailure } from "../output/CommandFailure.ts"

/**
 * A period of the past. Without `to` it ends with the latest snapshot.
 */
export interface TimeRange {
  readonly from: Instant.Instant
  readonly to: Instant.Instant | undefined
}

/**
 * A snapshot in which something was.
 */
export interface Sample {
  readonly takenAt: DateTime.Utc
  readonly figures: History.Figures
}

/**
 * How a subject went in a period: the last snapshot of each step in which it was there, oldest first.
 */
export interface TimeSeries {
  readonly period: History.Period
  readonly points: ReadonlyArray<Sample>
}

/**
 * What growth is asked of: everything below the namespace, the first `limit` growers; all that can be told without.
 */
export interface Question {
  readonly path: string
  readonly range: TimeRange
  readonly by: Growth.By
  readonly of: Growth.Of
  readonly limit: number | undefined
}

/**
 * What grew between the two snapshots of `period`. The capacity is in bytes; it and the projection are known of the whole
 * registry only.
 */
export interface Account {
  readonly period: History.Period
  readonly growth: Growth.Growth
  readonly capacity: number | undefined
  readonly projection: Projection.Projection | undefined
}

/**
 * A snapshot as a whole; its disk in bytes.
 */
export interface State {
  readonly takenAt: DateTime.Utc
  readonly diskSize: number
}

/**
 * What changed between a snapshot and the latest one.
 */
export interface Comparison {
  readonly before: State
  readonly after: State
  readonly accounting: Usage.Accounting
  readonly changes: ReadonlyArray<Diff.RepositoryDiff>
}

/**
 * Everything fails with the status that the command ends with: 2 for what is not there, was asked wrongly or is not kept.
 */
export class HistorySource extends Context.Service<
  HistorySource,
  {
    /** A step of 0 keeps every snapshot. */
    readonly course: (
      subject: History.Subject,
      range: TimeRange,
      step: Duration.Duration
    ) => Effect.Effect<TimeSeries, CommandFailure>
    readonly growth: (question: Question) => Effect.Effect<Account, CommandFailure>
    /** From the snapshot that was in force then to the latest. */
    readonly since: (when: Instant.Instant) => Effect.Effect<Comparison, CommandFailure>
  }
>()("@gitlab-registry-usage/cli/HistorySource") {}

/**
 * What a subject is called: `group/app`, `group/`, `the registry`.
 */
export const named = ({ _tag, path }: History.Subject): string =>
  path === "" ? "the registry" : _tag === "Namespace" ? `${path}/` : path
