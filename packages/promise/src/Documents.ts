/**
 * Reports as documents that GitLab shows.
 */
import { Inventory, JUnit, Markdown, OptionRange } from "@gitlab-registry-usage/core"
import { type Budget, checkBudget } from "./Budget.ts"
import type { MeasuredGap, MeasuredRepository, MeasuredSizes, Report } from "./Measure.ts"
import * as Options from "./Options.ts"
import { decimal, formatSize, type FormatOptions } from "./Size.ts"

/**
 * What a document shows.
 *
 * @category options
 * @since 0.1.0
 */
export interface DocumentOptions extends FormatOptions {
  /** What was read, such as the host of the registry. Default `the registry`. */
  readonly title?: string | undefined
  /** The budget that `checkBudget` compares with. Default: none. */
  readonly maxTotal?: string | number | undefined
  /** How many repositories, and how many gaps, Markdown lists at most; the largest come first. Default 20. */
  readonly rows?: number | undefined
  /** Whether a gap is a failed case of JUnit, and not a skipped one. Default `false`. */
  readonly failOnGaps?: boolean | undefined
}

const options = Options.record({
  decimal,
  title: Options.line,
  maxTotal: () => undefined,
  rows: Options.number(OptionRange.whole(0)),
  failOnGaps: Options.is("a boolean", (value) => typeof value === "boolean")
})

const budgetOf = (report: Report, { maxTotal }: DocumentOptions): Budget | undefined =>
  maxTotal === undefined ? undefined : checkBudget(report, maxTotal)

/** A size for people; where something is missing in it, the least that it can be. */
const sizeText = (bytes: number | undefined, partial: boolean, format: FormatOptions): string =>
  bytes === undefined ? "unknown" : `${partial ? "≥ " : ""}${formatSize(bytes, format)}`

const totals = ({ partial, repositories, total }: Report, { decimal }: DocumentOptions): string => {
  const tags = repositories.reduce((sum, { tags }) => sum + tags.length, 0)
  const text = (key: keyof MeasuredSizes) => sizeText(total?.[key], partial, { decimal })
  return `${text("diskSize")} on disk, ${text("size")} in ${tags} tags of ${repositories.length} repositories`
}

const targetOf = (gap: MeasuredGap): string => Inventory.gapTarget(gap as Inventory.Gap)

const byDiskSize = (a: MeasuredRepository, b: MeasuredRepository): number =>
  (b.sizes?.diskSize ?? -1) - (a.sizes?.diskSize ?? -1) || (a.name < b.name ? -1 : 1)

const columns = [
  { heading: "REPOSITORY", align: "left" },
  { heading: "TAGS", align: "right" },
  { heading: "ON DISK", align: "right" },
  { heading: "UNIQUE", align: "right" },
  { heading: "SIZE", align: "right" }
] as const

/**
 * A report in GitLab Flavored Markdown, for comments, wikis and releases: the totals, the largest repositories, and what
 * could not be read. Throws `ERR_OPTION_INVALID`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const toMarkdown = (report: Report, given: DocumentOptions = {}): string => {
  Options.require(given, options)
  const { decimal, rows = 20, title = "the registry" } = given
  const budget = budgetOf(report, given)
  const row = ({ name, partial, sizes, tags }: MeasuredRepository) =>
    Markdown.row([
      `${Markdown.escape(name)}${partial ? " !" : ""}`,
      sizes === null && tags.length === 0 ? "?" : `${tags.length}`,
      ...(["diskSize", "uniqueSize", "size"] as const).map((key) => {
        return sizes === null ? "?" : sizeText(sizes[key], partial && key !== "uniqueSize", { decimal })
      })
    ])
  const sorted = report.repositories.toSorted(byDiskSize)
  const more = (count: number, what: string) => (count > 0 ? [`\n${count} more ${what}\n`] : [])
  const gaps = report.gaps
    .slice(0, rows)
    .map((gap) => `- could not read ${Markdown.escape(`${targetOf(gap)}: ${gap.reason}: ${gap.detail}`)}\n`)
  return [
    `## Registry usage of ${Markdown.escape(title)}\n\n${totals(report, given)}; read ${report.takenAt.toISOString()}.\n`,
    ...(budget === undefined
      ? []
      : [`\n${budget.state === "ok" ? "" : ":warning: "}${Markdown.escape(budget.text)}\n`]),
    `\n${Markdown.head(columns)}${sorted.slice(0, rows).map(row).join("")}`,
    ...more(sorted.length - rows, "repositories"),
    ...(gaps.length === 0 ? [] : [`\n${gaps.join("")}`]),
    ...more(report.gaps.length - rows, "gaps")
  ].join("")
}

/**
 * A report as JUnit XML, for `artifacts:reports:junit`: a case with the totals, one for the budget, which fails unless the
 * registry is known to be within it, and one for each gap. Throws `ERR_OPTION_INVALID`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const toJUnit = (report: Report, given: DocumentOptions = {}): string => {
  Options.require(given, options)
  const { failOnGaps = false, title = "the registry" } = given
  const budget = budgetOf(report, given)
  return JUnit.render([
    { suite: "registry", name: `read ${title}`, result: "system-out", text: totals(report, given) },
    ...(budget === undefined
      ? []
      : [
          {
            suite: "budgets",
            name: "total max disk",
            result: budget.state === "ok" ? ("system-out" as const) : ("failure" as const),
            text: budget.text
          }
        ]),
    ...report.gaps.map((gap) => ({
      suite: "readable",
      name: targetOf(gap),
      result: failOnGaps ? ("failure" as const) : ("skipped" as const),
      text: `could not be read: ${gap.reason}: ${gap.detail}`
    }))
  ])
}
