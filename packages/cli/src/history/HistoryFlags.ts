/**
 * The flags of a period, and what they come to.
 *
 * @since 0.1.0
 */
import { type History, Names } from "@gitlab-registry-usage/core"
import { type Duration, Effect, Option } from "effect"
import { Flag } from "effect/cli"
import type { Shared } from "../connection/SharedFlags.ts"
import { type Stopped, usage } from "../output/CommandFailure.ts"
import type { Span } from "./HistorySource.ts"
import * as When from "./Instant.ts"

/** @category flags @since 0.1.0 */
export const since = Flag.String("since").pipe(
  Flag.withMetavar("WHEN"),
  Flag.withSchema(When.WhenText),
  Flag.withDescription(`The begin, counted back from the latest snapshot, or an instant: ${When.forms}`),
  Flag.optional
)

/** @category flags @since 0.1.0 */
export const to = Flag.String("to").pipe(
  Flag.withMetavar("WHEN"),
  Flag.withSchema(When.WhenText),
  Flag.withDescription("The end, in the same forms (default: the latest snapshot)"),
  Flag.optional
)

/**
 * The period of `--since`, or `--from`, and `--to`; by default so long before the latest snapshot.
 *
 * @category parsing
 * @since 0.1.0
 */
export const spanOf = (
  input: { readonly since: Option.Option<When.When>; readonly to: Option.Option<When.When> },
  shared: Shared,
  length: Duration.Input
): Effect.Effect<Span, Stopped> => {
  const text = Option.getOrUndefined(shared.from)
  const from = text === undefined ? undefined : When.parse(text)
  if (text !== undefined && Option.isSome(input.since)) {
    return Effect.fail(usage("both --since and --from", "the period begins once"))
  }
  if (text !== undefined && from === undefined) {
    return Effect.fail(usage(`--from: ${JSON.stringify(text)} is no instant such as ${When.forms}`))
  }
  return Effect.succeed({
    from: from ?? Option.getOrElse(input.since, () => When.ago(length)),
    to: Option.getOrUndefined(input.to)
  })
}

/**
 * Reads what an argument names: a repository, or with a slash at its end a group with all below it; without one the
 * whole registry.
 *
 * @category parsing
 * @since 0.1.0
 */
export const subjectOf = (text: string | undefined): Effect.Effect<History.Entity, Stopped> => {
  if (text === undefined || text === "/") return Effect.succeed({ _tag: "Namespace", path: "" })
  const path = text.replace(/\/$/, "")
  if (!Names.isRepositoryName(path)) {
    return Effect.fail(
      usage(`${JSON.stringify(text)} is neither a repository, such as group/project, nor a group, such as group/`)
    )
  }
  return Effect.succeed(text.endsWith("/") ? { _tag: "Namespace", path } : { _tag: "Repository", path })
}
