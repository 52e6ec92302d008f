/**
 * The flags of a time range, and the argument of a subject.
 */
import { type History, Names, Instant } from "@gitlab-registry-usage/core"
import { type Duration, Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { textFlag } from "../connection/FlagKinds.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import { CommandFailure, Status, usageError } from "../output/CommandFailure.ts"
import type { TimeRange } from "./HistorySource.ts"

export const since = textFlag("since", "WHEN", Instant.InstantText).pipe(
  Flag.withDescription(`The begin, counted back from the latest snapshot, or an instant: ${Instant.forms}`),
  Flag.optional
)

export const to = textFlag("to", "WHEN", Instant.InstantText).pipe(
  Flag.withDescription("The end, in the same forms (default: the latest snapshot)"),
  Flag.optional
)

/** The range of `--since` or `--from`, and `--to`. By default it begins `length` before the latest snapshot. */
export const timeRange = (
  input: { readonly since: Option.Option<Instant.Instant>; readonly to: Option.Option<Instant.Instant> },
  shared: Shared,
  length: Duration.Input
): Effect.Effect<TimeRange, CommandFailure> => {
  const text = Option.getOrUndefined(shared.from)
  const from = text === undefined ? undefined : Instant.parse(text)
  if (text !== undefined && Option.isSome(input.since)) {
    return Effect.fail(usageError("both --since and --from", "the period begins once"))
  }
  if (text !== undefined && from === undefined) {
    return Effect.fail(usageError(`--from: ${JSON.stringify(text)} is no instant such as ${Instant.forms}`))
  }
  return Effect.succeed({
    from: from ?? Option.getOrElse(input.since, () => Instant.ago(length)),
    to: Option.getOrUndefined(input.to)
  })
}

/** Fails with status 4 where the snapshots have gaps and --fail-on-partial is set. */
export const requireWhole = ({ failOnPartial }: Shared, partial: boolean): Effect.Effect<void, CommandFailure> =>
  failOnPartial && partial
    ? Effect.fail(
        new CommandFailure({ status: Status.partial, message: "something could not be read (--fail-on-partial)" })
      )
    : Effect.void

/** Parses the argument: a repository, a group with a slash at its end, or without an argument the whole registry. */
export const parseSubject = (text: string | undefined): Effect.Effect<History.Entity, CommandFailure> => {
  if (text === undefined || text === "/") return Effect.succeed({ _tag: "Namespace", path: "" })
  const path = text.replace(/\/$/, "")
  if (!Names.isRepositoryName(path)) {
    return Effect.fail(
      usageError(`${JSON.stringify(text)} is neither a repository, such as group/project, nor a group, such as group/`)
    )
  }
  return Effect.succeed(text.endsWith("/") ? { _tag: "Namespace", path } : { _tag: "Repository", path })
}
