import { checkBudget, collect, gitlabCi, measure } from "@gitlab-registry-usage/promise"

const report = await measure(await collect(gitlabCi()))
for (const { name, sizes } of report.repositories) console.log(name, sizes?.diskSize ?? "unknown")
console.log(checkBudget(report, "50GB").text)
