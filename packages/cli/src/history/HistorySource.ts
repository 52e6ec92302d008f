/**
 * The port to the snapshots that a server stores: time series, growth, and differences.
 */
import {
  BlobChanges,
  Diff,
  type Growth,
  type History,
  type Instant,
  type Projection,
  type Snapshot,
  Suggestion,
  Usage
} from "@gitlab-registry-usage/core"
import { Context, type DateTime, type Duration, type Effect } from "effect"
import type { CommandFailure } from "../output/CommandFailure.ts"
import { namespacesOf } from "../connection/RepositoryPattern.ts"

/** Without `to` the range ends with the latest snapshot. */
export interface TimeRange {
  readonly from: Instant.Instant
  readonly to: Instant.Instant | undefined
}

/** A point of a time series at which the subject exists. */
export interface Sample {
  readonly takenAt: DateTime.Utc
  readonly figures: History.Figures
}

/** The last sample of each step, oldest first. */
export interface TimeSeries {
  readonly period: History.Period
  readonly points: ReadonlyArray<Sample>
}

/** Growth of everything below the namespace `path`. Without `limit` the result lists as much as the source returns. */
export interface GrowthRequest {
  readonly path: string
  readonly range: TimeRange
  readonly by: Growth.Measure
  readonly of: Growth.EntityKind
  readonly limit: number | undefined
}

/** Growth between the two snapshots of `period`. Capacity (bytes) and projection exist only for the whole registry. */
export interface GrowthResult {
  readonly period: History.Period
  readonly growth: Growth.Growth
  readonly capacity: number | undefined
  readonly projection: Projection.Projection | undefined
}

/** A snapshot as a whole; `diskSize` is in bytes, undefined where nothing could be read. */
export interface SnapshotTotals {
  readonly takenAt: DateTime.Utc
  readonly diskSize: number | undefined
  readonly gaps: number
}

/** The differences from one snapshot to a later one; `blobs` is undefined where blobs were not compared. */
export interface Comparison {
  readonly before: SnapshotTotals
  readonly after: SnapshotTotals
  readonly accounting: Usage.Accounting
  readonly changes: ReadonlyArray<Diff.RepositoryDiff>
  readonly blobs: Growth.Changes | undefined
}

/** Every method fails with the exit status of the command: 2 for a wrong request and for what is not stored. */
export class HistorySource extends Context.Service<
  HistorySource,
  {
    /** A step of 0 returns every snapshot. */
    readonly timeSeries: (
      subject: History.Entity,
      range: TimeRange,
      step: Duration.Duration
    ) => Effect.Effect<TimeSeries, CommandFailure>
    readonly growth: (request: GrowthRequest) => Effect.Effect<GrowthResult, CommandFailure>
    /** Compares the last snapshot at or before the instant with the latest. */
    readonly changesSince: (instant: Instant.Instant) => Effect.Effect<Comparison, CommandFailure>
  }
>()("@gitlab-registry-usage/cli/HistorySource") {}

const totals = ({ takenAt, usage }: Snapshot.Snapshot): SnapshotTotals => ({
  takenAt,
  diskSize: Usage.total(usage)?.diskSize,
  gaps: usage.inventory.gaps.length
})

/** Compares two snapshots that are in memory. */
export const compare = (before: Snapshot.Snapshot, after: Snapshot.Snapshot): Comparison => ({
  before: totals(before),
  after: totals(after),
  accounting: after.usage.accounting,
  changes: Diff.compare(before.usage, after.usage),
  blobs: BlobChanges.compare(before.usage, after.usage)
})

/** The hint about a subject that there is not, from the names of the repositories that there are. */
export const hint = (subject: History.Entity, names: ReadonlyArray<string>): string | undefined => {
  const subjects = [...names, ...Array.from(namespacesOf(names), (path) => `${path}/`)]
  const suggestion = Suggestion.suggest(named(subject), subjects)
  return suggestion === undefined ? undefined : `did you mean ${suggestion}?`
}

/** The subject in messages: `group/app`, `group/` or `the registry`. */
export const named = ({ _tag, path }: History.Entity): string =>
  path === "" ? "the registry" : _tag === "Namespace" ? `${path}/` : path
