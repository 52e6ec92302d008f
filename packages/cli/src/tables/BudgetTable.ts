/**
 * The flags of a budget, the table of its outcomes, and the exit status.
 */
import type { Usage } from "@gitlab-registry-usage/core"
import { Console, Effect, FileSystem, Option } from "effect"
import { Flag } from "effect/cli"
import * as Budget from "./Budget.ts"
import { allowEmptyFlag, fileFlag, sizeFlag, textFlag } from "../connection/FlagKinds.ts"
import * as Format from "../output/Format.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { PercentText } from "./Percent.ts"
import type { Table } from "../output/Table.ts"
import { Status, CommandFailure, usageError } from "../output/CommandFailure.ts"

export const flags = {
  budget: fileFlag("budget").pipe(
    Flag.withDescription("Budgets in YAML: max_total, max_growth, budgets with match, max, max_each, max_growth")
  ),
  maxTotal: sizeFlag("max-total").pipe(
    Flag.withDescription("The maximum of everything on disk, such as 50GB"),
    Flag.optional
  ),
  maxGrowth: textFlag("max-growth", "PERCENT", PercentText).pipe(
    Flag.withDescription("The maximum growth since --baseline, such as 5%"),
    Flag.optional
  ),
  baseline: Flag.Path("baseline").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("The saved snapshot from which growth is measured"),
    Flag.optional
  ),
  allowEmpty: allowEmptyFlag
}

interface Input {
  readonly budget: Option.Option<string>
  readonly maxTotal: Option.Option<Usage.Sizes["size"]>
  readonly maxGrowth: Option.Option<number>
  readonly baseline: Option.Option<string>
  readonly allowEmpty: boolean
}

/** A budget, and the earlier usage that growth is measured from. */
export interface Budgets {
  readonly file: Budget.BudgetFile
  readonly baseline: Usage.Usage | undefined
  readonly allowEmpty: boolean
}

const hasGrowth = (file: Budget.BudgetFile) =>
  file.max_growth !== undefined || (file.budgets ?? []).some(({ max_growth }) => max_growth !== undefined)

/** Reads the budget from flags and file; undefined where there is none. A flag overrides the file. */
export const read = Effect.fnUntraced(function* (input: Input, shared: Shared) {
  const fs = yield* FileSystem.FileSystem
  const path = Option.getOrUndefined(input.budget)
  const fromFile: Budget.BudgetFile =
    path === undefined
      ? {}
      : yield* fs.readFileString(path).pipe(
          Effect.mapError(({ reason }) => usageError(`--budget: ${path} cannot be read (${reason._tag})`)),
          Effect.flatMap(Budget.parse)
        )
  const file: Budget.BudgetFile = {
    ...fromFile,
    ...(Option.isSome(input.maxTotal) ? { max_total: input.maxTotal.value } : {}),
    ...(Option.isSome(input.maxGrowth) ? { max_growth: input.maxGrowth.value } : {})
  }
  const isEmpty = file.max_total === undefined && file.max_growth === undefined && (file.budgets ?? []).length === 0
  if (isEmpty) return undefined
  const baseline = Option.getOrUndefined(input.baseline)
  if (baseline === undefined && hasGrowth(file)) {
    return yield* usageError("growth since when?", "name a saved snapshot with --baseline")
  }
  return {
    file,
    allowEmpty: input.allowEmpty,
    baseline:
      baseline === undefined
        ? undefined
        : (yield* CrawledSnapshot.load(baseline, "--baseline", shared.accounting)).usage
  } satisfies Budgets
})

/** Fails with status 2 where a pattern of the budget matches nothing. */
export const outcomes = ({ allowEmpty, baseline, file }: Budgets, usage: Usage.Usage) =>
  Effect.as(Budget.requireMatches(file, usage, allowEmpty), Budget.evaluate(file, usage, baseline))

export const make = (outcomes: ReadonlyArray<Budget.Outcome>): Table => ({
  columns: [
    { key: "name", field: "name", heading: "BUDGET", kind: "name", essential: true },
    { key: "rule", field: "rule", heading: "RULE", kind: "text" },
    { key: "measure", field: "measure", heading: "MEASURE", kind: "text" },
    { key: "actual", field: "actual_bytes", heading: "ACTUAL", kind: "bytes", essential: true },
    { key: "limit", field: "limit_bytes", heading: "LIMIT", kind: "bytes", exact: true },
    { key: "used", field: "used", heading: "", kind: "share" },
    { key: "state", field: "state", heading: "STATE", kind: "text", essential: true },
    { key: "partial", field: "partial", heading: "PARTIAL", kind: "text", audience: "programs" }
  ],
  rows: outcomes.map(({ actual, limit, measure, name, rule, state, whole }) => ({
    values: {
      name,
      rule,
      measure,
      actual,
      limit,
      used: actual === null || limit === null ? null : limit === 0 ? (actual > 0 ? 1 : 0) : Math.min(1, actual / limit),
      state,
      partial: !whole
    },
    partial: !whole,
    mark: whole ? undefined : "!"
  }))
})

/**
 * Fails with status 10 where limits are exceeded; the message has one line for each. Warns of each limit of which nobody
 * knows whether it is exceeded; with --fail-on-partial it fails with status 4.
 */
export const enforce = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Budget.Outcome>, flags: Shared) {
  const lines = (state: Budget.Outcome["state"]) =>
    outcomes.flatMap((outcome) => (outcome.state === state ? [Budget.line(outcome, flags)] : []))
  const [exceeded, unknown] = [lines("OVER"), lines("unknown")]
  yield* Effect.forEach(unknown, (line) => Console.error(`warning: ${line}`))
  if (exceeded.length > 0) {
    const message = exceeded.map((line) => `over budget: ${line}`).join("\nerror: ")
    return yield* new CommandFailure({ status: Status.overBudget, message })
  }
  if (flags.failOnPartial && unknown.length > 0) {
    const message = `${Format.counted(unknown.length, "budget")} cannot be checked (--fail-on-partial)`
    return yield* new CommandFailure({ status: Status.partial, message })
  }
})
