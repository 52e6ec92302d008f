/**
 * `check`: compares the registry with budgets.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as BudgetTable from "../tables/BudgetTable.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { usageError } from "../output/CommandFailure.ts"
import { summarize } from "../crawl/Summary.ts"

export const check = Command.make(
  "check",
  BudgetTable.flags,
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const budgets = yield* BudgetTable.read(input, shared)
    if (budgets === undefined) return yield* usageError("no budget", "give --budget, --max-total or --max-growth")
    const crawled = yield* CrawledSnapshot.make(shared)
    const outcomes = yield* BudgetTable.outcomes(budgets, crawled.snapshot.usage)
    yield* print(shared, BudgetTable.make(outcomes), { command: "check", rows: "budgets", fields: summarize(crawled) })
    yield* BudgetTable.enforce(outcomes, shared)
    yield* CrawledSnapshot.requireWhole(shared, crawled)
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
