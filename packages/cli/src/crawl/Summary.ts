/**
 * The totals and gaps of a snapshot in JSON.
 */
import { Inventory, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Struct } from "effect"
import type { CrawledSnapshot } from "./CrawledSnapshot.ts"

/** The fields that the JSON of every command has; sizes are null where nothing could be read. */
export const summarize = ({ source, snapshot: { duration, takenAt, usage } }: CrawledSnapshot) => {
  const sizes = Usage.total(usage)
  const { gaps, repositories } = usage.inventory
  return {
    of: source,
    taken_at: DateTime.formatIso(takenAt),
    duration_seconds: duration / 1000,
    accounting: usage.accounting,
    total: {
      repositories: repositories.length,
      repositories_unreadable: repositories.filter((_, r) => Usage.repositorySizes(usage, r) === undefined).length,
      tags: Inventory.tagCount(usage.inventory),
      size_bytes: sizes?.size ?? null,
      disk_bytes: sizes?.diskSize ?? null,
      partial: Usage.namespaceUnread(usage, "") > 0
    },
    gaps: gaps.map(Struct.pick(["repository", "tag", "digest", "blob", "reason", "detail"]))
  }
}
