/**
 * `check`: compares the registry with budgets.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as Budgets from "../tables/BudgetTable.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as Scan from "../crawl/CrawledSnapshot.ts"
import { usage } from "../output/CommandFailure.ts"
import { summaryOf } from "../crawl/Summary.ts"

/**
 * @category commands
 * @since 0.1.0
 */
export const check = Command.make(
  "check",
  Budgets.flags,
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const budgets = yield* Budgets.read(input, shared)
    if (budgets === undefined) return yield* usage("no budget", "give --budget, --max-total or --max-growth")
    const scan = yield* Scan.make(shared)
    const outcomes = Budgets.outcomes(budgets, scan.snapshot.usage)
    yield* print(shared, Budgets.sheetOf(outcomes), { command: "check", rows: "budgets", fields: summaryOf(scan) })
    yield* Budgets.enforce(outcomes, shared)
    yield* Scan.requireWhole(shared, scan)
  })
).pipe(
  Command.withDescription("Compare with budgets; exit with 10 where one is exceeded"),
  Command.withExamples([
    { command: "gitlab-registry-usage check --max-total 50GB", description: "Fail where everything takes more" },
    {
      command: "gitlab-registry-usage check --budget budget.yml --baseline last.scan --save last.scan",
      description: "Budgets of groups, and growth since the last time"
    }
  ])
)
