// npm run bench [-- suite…] [-- --smoke]: measures the product and writes docs/performance.md and packages/bench/results.
import { spawnSync } from "node:child_process"
import { servers } from "./servers.mjs"
import { build, install, node, pnpm, root } from "./workspace.mjs"

servers()
install()
build()
const { status } = spawnSync(node, ["packages/bench/src/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit"
})
if (status !== 0) process.exit(status ?? 1)
pnpm("Formatting the results", ["exec", "oxfmt", "docs/performance.md", "packages/bench/results"])
