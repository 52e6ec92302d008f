/**
 * The totals as variables for later jobs.
 *
 * Source: GitLab, "artifacts:reports:dotenv": names of letters, digits and `_`, no quotes, at most 20 variables on some
 * plans.
 */
import { summarize } from "../crawl/Summary.ts"
import type { ReportInput } from "./ReportInput.ts"

export const render = ({ crawled, outcomes }: ReportInput): string => {
  const { gaps, taken_at, total } = summarize(crawled)
  const variables = {
    DISK_BYTES: total.disk_bytes ?? "unknown",
    SIZE_BYTES: total.size_bytes ?? "unknown",
    REPOSITORIES: total.repositories,
    REPOSITORIES_UNREADABLE: total.repositories_unreadable,
    TAGS: total.tags,
    GAPS: gaps.length,
    BUDGETS_EXCEEDED: outcomes.filter(({ state }) => state === "OVER").length,
    BUDGETS_UNKNOWN: outcomes.filter(({ state }) => state === "unknown").length,
    TAKEN_AT: taken_at
  }
  return Object.entries(variables)
    .map(([name, value]) => `REGISTRY_USAGE_${name}=${value}\n`)
    .join("")
}
