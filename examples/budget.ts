// A check for a CI job, with promises: fails if the registry's disk size exceeds a budget. REGISTRY_URL=…
// REGISTRY_USER=… REGISTRY_TOKEN=… node examples/budget.ts 50000000000
import { collect, CollectFailure } from "@gitlab-registry-usage/adapter-http/promise"
import { measure } from "@gitlab-registry-usage/core/promise"

const { GITLAB_URL, REGISTRY_TOKEN = "", REGISTRY_URL = "", REGISTRY_USER = "" } = process.env
const budget = Number(process.argv[2])

try {
  const scan = await collect({
    registryUrl: REGISTRY_URL,
    gitlabUrl: GITLAB_URL ?? REGISTRY_URL,
    credentials: { username: REGISTRY_USER, token: REGISTRY_TOKEN },
    onProgress: ({ repositoriesDone, tagsDone }) => console.error(`${repositoriesDone} repositories, ${tagsDone} tags`),
    signal: AbortSignal.timeout(600_000)
  })
  const { gaps, total } = await measure(scan)
  console.log(`${total?.diskSize ?? "unknown"} of ${budget} bytes; could not read ${gaps.length}`)
  process.exitCode = total === null || total.diskSize > budget ? 1 : 0
} catch (error) {
  if (!(error instanceof CollectFailure)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 2
}
