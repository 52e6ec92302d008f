/**
 * `check`: compares the registry with budgets.
 */
import { Inventory } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as BudgetTable from "../tables/BudgetTable.ts"
import { print } from "../output/Print.ts"
import { switchFlag } from "../connection/FlagKinds.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { usageError } from "../output/CommandFailure.ts"
import { summarize } from "../crawl/Summary.ts"

const flags = {
  ...BudgetTable.flags,
  verifySizes: switchFlag("verify-sizes").pipe(
    Flag.withDescription("Ask the registry for the size of every blob: one request for each")
  )
}

const coverageNote = ({ blobs, measured }: Inventory.SizeCoverage, isVerified: boolean): string => {
  const stated = `${blobs - measured} of ${blobs} blobs`
  if (measured === blobs) return `the sizes of all ${blobs} blobs are measured`
  return isVerified
    ? `the registry gave no size of ${stated}: theirs are only stated by manifests`
    : `the sizes of ${stated} are only stated by manifests: --verify-sizes asks the registry`
}

export const check = Command.make(
  "check",
  flags,
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const budgets = yield* BudgetTable.read(input, shared)
    if (budgets === undefined) return yield* usageError("no budget", "give --budget, --max-total or --max-growth")
    if (input.verifySizes && Option.isSome(shared.from)) {
      return yield* usageError("--verify-sizes: a saved snapshot has no registry to ask", "leave out --from")
    }
    const crawled = yield* CrawledSnapshot.make(shared, input.verifySizes ? { measure: Infinity } : {})
    const outcomes = yield* BudgetTable.outcomes(budgets, crawled.snapshot.usage)
    const sizes = Inventory.sizeCoverage(crawled.snapshot.usage.inventory)
    const table = { ...BudgetTable.make(outcomes), notes: () => [coverageNote(sizes, input.verifySizes)] }
    yield* print(shared, table, { command: "check", rows: "budgets", fields: { ...summarize(crawled), sizes } })
    yield* BudgetTable.enforce(outcomes, shared)
    yield* CrawledSnapshot.requireWhole(shared, crawled)
  })
).pipe(
  Command.withDescription("Compare with budgets; exit with 10 where one is exceeded"),
  Command.withExamples([
    { command: "gitlab-registry-usage check --max-total 50GB", description: "Fail where everything takes more" },
    {
      command: "gitlab-registry-usage check --budget budget.yml --baseline last.snapshot --save last.snapshot",
      description: "Budgets of groups, and growth since the last time"
    }
  ])
)
