/**
 * A report in GitLab Flavored Markdown, for wikis, releases and comments.
 */
import { Inventory, Markdown } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import * as Budget from "../tables/Budget.ts"
import * as BudgetTable from "../tables/BudgetTable.ts"
import * as UsageTable from "../tables/UsageTable.ts"
import type { Style } from "../output/Format.ts"
import * as MarkdownTable from "../output/MarkdownTable.ts"
import { type ReportInput, totals } from "./ReportInput.ts"

/** The maximum of rows in the table of repositories, and of gaps. */
const rows = 20

export const render = (input: ReportInput, style: Style): string => {
  const { crawled, outcomes } = input
  const { takenAt, usage } = crawled.snapshot
  const { gaps } = usage.inventory
  const text = Markdown.escape
  const blocks = [
    `## Registry usage of ${text(crawled.source)}\n`,
    `${totals(input, style)}; read ${DateTime.formatIso(takenAt)}.\n`,
    ...outcomes
      .filter(({ state }) => state !== "ok")
      .map((outcome) => `- :warning: ${text(Budget.line(outcome, style))}\n`),
    ...(outcomes.length === 0 ? [] : [MarkdownTable.text(BudgetTable.make(outcomes), style)]),
    MarkdownTable.text(UsageTable.make(usage, { ...UsageTable.allRepositories, count: rows }), style)
  ]
  const unread = gaps
    .slice(0, rows)
    .map((gap) => `- could not read ${text(`${Inventory.gapTarget(gap)}: ${gap.reason}: ${gap.detail}`)}\n`)
  return [...blocks, ...(unread.length === 0 ? [] : [unread.join("")])].join("\n")
}
