/**
 * A report as JUnit XML.
 */
import { Inventory, JUnit } from "@gitlab-registry-usage/core"
import * as Budget from "../tables/Budget.ts"
import type { Style } from "../output/Format.ts"
import { type ReportInput, totals } from "./ReportInput.ts"

const results = { OVER: "failure", ok: "system-out", unknown: "skipped" } as const

const budgetCases = ({ failOnPartial, outcomes }: ReportInput, style: Style): ReadonlyArray<JUnit.Case> =>
  outcomes.map((outcome) => ({
    suite: "budgets",
    name: `${outcome.name} ${outcome.rule} ${outcome.measure}`,
    result: failOnPartial && outcome.state === "unknown" ? "failure" : results[outcome.state],
    text: Budget.line(outcome, style)
  }))

/** A gap is a skipped case, or a failed one with --fail-on-partial. */
const gapCases = ({ crawled, failOnPartial }: ReportInput): ReadonlyArray<JUnit.Case> =>
  crawled.snapshot.usage.inventory.gaps.map((gap) => ({
    suite: "readable",
    name: Inventory.gapTarget(gap),
    result: failOnPartial ? "failure" : "skipped",
    text: `could not be read: ${gap.reason}: ${gap.detail}`
  }))

/** The first case has the totals; then there is one for each limit and each gap. */
export const render = (input: ReportInput, style: Style): string =>
  JUnit.render([
    { suite: "registry", name: `read ${input.crawled.source}`, result: "system-out", text: totals(input, style) },
    ...budgetCases(input, style),
    ...gapCases(input)
  ])
