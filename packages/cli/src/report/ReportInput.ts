/**
 * What every part of a report is made from.
 *
 * @since 0.1.0
 */
import { Inventory, Usage } from "@gitlab-registry-usage/core"
import type { Outcome } from "../tables/Budget.ts"
import * as Format from "../output/Format.ts"
import type { Scan } from "../crawl/CrawledSnapshot.ts"

/** @category models @since 0.1.0 */
export interface Material {
  readonly scan: Scan
  readonly outcomes: ReadonlyArray<Outcome>
  readonly failOnPartial: boolean
  /** The totals in a sentence. */
  readonly totals: (style: Format.Style) => string
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (scan: Scan, outcomes: ReadonlyArray<Outcome>, failOnPartial: boolean): Material => {
  const { usage } = scan.snapshot
  const { diskSize, size } = Usage.total(usage)
  const repositories = usage.inventory.repositories.length
  return {
    scan,
    outcomes,
    failOnPartial,
    totals: (style) =>
      `${Format.size(diskSize, style)} on disk, ${Format.size(size, style)} in ${Inventory.tagCount(usage.inventory)} tags of ${repositories} repositories`
  }
}
