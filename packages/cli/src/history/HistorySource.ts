/**
 * The port to what a server kept: how sizes went, what grew, and what there was at an instant.
 *
 * @since 0.1.0
 */
import type { Diff, Growth, History, Projection, Usage } from "@gitlab-registry-usage/core"
import { Context, type DateTime, type Duration, type Effect } from "effect"
import type { Stopped } from "../output/CommandFailure.ts"
import type { When } from "./Instant.ts"

/**
 * A period of the past. Without `to` it ends with the latest snapshot.
 *
 * @category models
 * @since 0.1.0
 */
export interface Span {
  readonly from: When
  readonly to: When | undefined
}

/**
 * A snapshot in which something was.
 *
 * @category models
 * @since 0.1.0
 */
export interface Seen {
  readonly takenAt: DateTime.Utc
  readonly figures: History.Figures
}

/**
 * How a subject went in a period: the last snapshot of each step in which it was there, oldest first.
 *
 * @category models
 * @since 0.1.0
 */
export interface Course {
  readonly period: History.Period
  readonly points: ReadonlyArray<Seen>
}

/**
 * What growth is asked of: everything below the namespace, the first `limit` growers; all that can be told without.
 *
 * @category models
 * @since 0.1.0
 */
export interface Question {
  readonly path: string
  readonly span: Span
  readonly by: Growth.Measure
  readonly of: Growth.EntityKind
  readonly limit: number | undefined
}

/**
 * What grew between the two snapshots of `period`. The capacity is in bytes; it and the projection are known of the whole
 * registry only.
 *
 * @category models
 * @since 0.1.0
 */
export interface Account {
  readonly period: History.Period
  readonly growth: Growth.Growth
  readonly capacity: number | undefined
  readonly projection: Projection.Projection | undefined
}

/**
 * A snapshot as a whole; its disk in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  readonly takenAt: DateTime.Utc
  readonly diskSize: number
}

/**
 * What changed between a snapshot and the latest one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Comparison {
  readonly before: State
  readonly after: State
  readonly accounting: Usage.Accounting
  readonly changes: ReadonlyArray<Diff.RepositoryDiff>
}

/**
 * Everything fails with the status that the command ends with: 2 for what is not there, was asked wrongly or is not kept.
 *
 * @category services
 * @since 0.1.0
 */
export class Past extends Context.Service<
  Past,
  {
    /** A step of 0 keeps every snapshot. */
    readonly course: (subject: History.Entity, span: Span, step: Duration.Duration) => Effect.Effect<Course, Stopped>
    readonly growth: (question: Question) => Effect.Effect<Account, Stopped>
    /** From the snapshot that was in force then to the latest. */
    readonly since: (when: When) => Effect.Effect<Comparison, Stopped>
  }
>()("@gitlab-registry-usage/cli/Past") {}

/** What a projection rests on, as with the server. */
export const projected: Duration.Input = "90 days"

/**
 * What a subject is called: `group/app`, `group/`, `the registry`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const named = ({ _tag, path }: History.Entity): string =>
  path === "" ? "the registry" : _tag === "Namespace" ? `${path}/` : path
