// A job that fails unless the whole registry was read and is within a budget: node examples/budget.ts 50GB. In a GitLab
// job the registry comes from the CI_* variables. It fails closed; its exit statuses are those of the command line.
import { checkBudget, collect, gitlabCi, measure, parseSize, RegistryUsageError } from "@gitlab-registry-usage/promise"
import type { ErrorCode } from "@gitlab-registry-usage/promise"

const statuses: Partial<Record<ErrorCode, number>> = {
  ERR_OPTION_INVALID: 2,
  ERR_REGISTRY_UNAUTHORIZED: 3,
  ERR_REGISTRY_DENIED: 3,
  ERR_REGISTRY_UNREACHABLE: 5,
  ERR_REGISTRY_SERVER_ERROR: 5,
  ERR_REGISTRY_RATE_LIMITED: 5
}

try {
  const budget = process.argv[2] ?? ""
  parseSize(budget)
  const report = await measure(await collect({ ...gitlabCi(), signal: AbortSignal.timeout(600_000) }))
  const { state, text } = checkBudget(report, budget)
  console.log(text)
  for (const { detail, reason, repository = "" } of report.gaps)
    console.error(`not read: ${repository} ${reason}: ${detail}`)
  process.exitCode = state === "over" ? 10 : state === "unknown" || report.gaps.length > 0 ? 4 : 0
} catch (error) {
  const isKnown = error instanceof RegistryUsageError
  console.error(isKnown ? `${error.code}: ${error.message}` : error)
  process.exitCode = isKnown ? (statuses[error.code] ?? 1) : error instanceof DOMException ? 5 : 1
}
