/**
 * The data from which every file of a report is made.
 */
import { Inventory, Usage } from "@gitlab-registry-usage/core"
import type { Outcome } from "../tables/Budget.ts"
import * as Format from "../output/Format.ts"
import type { CrawledSnapshot } from "../crawl/CrawledSnapshot.ts"

export interface ReportInput {
  readonly crawled: CrawledSnapshot
  readonly outcomes: ReadonlyArray<Outcome>
  readonly failOnPartial: boolean
}

/** The totals in one sentence. */
export const totals = ({ crawled: { snapshot } }: ReportInput, style: Format.Style): string => {
  const { usage } = snapshot
  const sizes = Usage.total(usage)
  const partial = Usage.namespaceUnread(usage, "") > 0
  const repositories = usage.inventory.repositories.length
  const text = (bytes: number | undefined) => Format.sum(bytes ?? null, partial, style)
  return `${text(sizes?.diskSize)} on disk, ${text(sizes?.size)} in ${Inventory.tagCount(usage.inventory)} tags of ${repositories} repositories`
}
