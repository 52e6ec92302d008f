/**
 * A report in GitLab Flavored Markdown, for wikis, releases and comments.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import * as Budget from "../tables/Budget.ts"
import * as Budgets from "../tables/BudgetTable.ts"
import * as Listing from "../tables/UsageTable.ts"
import type { Style } from "../output/Format.ts"
import * as MarkdownTable from "../output/MarkdownTable.ts"
import type { Material } from "./Material.ts"

/** Rows of a table that people read. */
const rows = 20

/**
 * @category rendering
 * @since 0.1.0
 */
export const render = ({ outcomes, scan, totals }: Material, style: Style): string => {
  const { snapshot } = scan
  const { gaps } = snapshot.usage.inventory
  const exceeded = outcomes.filter(({ exceeded }) => exceeded)
  const text = MarkdownTable.escape
  return [
    `## Registry usage of ${text(scan.of)}\n`,
    `${totals(style)}; read ${DateTime.formatIso(snapshot.takenAt)}.\n`,
    ...exceeded.map((outcome) => `- :warning: ${text(Budget.line(outcome, style))}\n`),
    ...(outcomes.length === 0 ? [] : [MarkdownTable.render(Budgets.sheetOf(outcomes), style)]),
    MarkdownTable.render(
      Listing.make(snapshot.usage, {
        of: "repositories",
        only: [],
        order: "disk",
        reverse: false,
        count: rows,
        minSize: undefined
      }),
      style
    ),
    ...(gaps.length === 0
      ? []
      : [
          gaps
            .slice(0, rows)
            .map(
              ({ detail, reason, repository }) => `- could not read ${text(`${repository}: ${reason}: ${detail}`)}\n`
            )
            .join("")
        ])
  ].join("\n")
}
