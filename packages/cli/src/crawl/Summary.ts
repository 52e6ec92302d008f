/**
 * What is said of a scan as a whole.
 *
 * @since 0.1.0
 */
import { Inventory, Usage } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import type { Scan } from "./CrawledSnapshot.ts"

/**
 * The fields that all JSON has in common.
 *
 * @category encoding
 * @since 0.1.0
 */
export const summaryOf = ({ of, snapshot: { duration, takenAt, usage } }: Scan) => {
  const { diskSize, size } = Usage.total(usage)
  const { gaps, repositories } = usage.inventory
  return {
    of,
    taken_at: DateTime.formatIso(takenAt),
    duration_seconds: duration / 1000,
    accounting: usage.accounting,
    total: {
      repositories: repositories.length,
      repositories_unreadable: repositories.filter((_, r) => Usage.repositorySizes(usage, r) === undefined).length,
      tags: Inventory.tagCount(usage.inventory),
      size_bytes: size,
      disk_bytes: diskSize
    },
    gaps: gaps.map(({ detail, digest, reason, repository, tag }) => ({
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
      reason,
      detail
    }))
  }
}
