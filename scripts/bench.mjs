// npm run bench [-- suite…] [-- --smoke]: measures the product and writes docs/performance.md and packages/bench/results.
import { spawnSync } from "node:child_process"
import { loadavg } from "node:os"
import { servers } from "./servers.mjs"
import { build, install, node, root } from "./workspace.mjs"

const load = loadavg()[0]
// Only benchmarks need the programs that put load on a server.
servers([["/usr/bin/wrk", "wrk"]])
install()
build()
const { status } = spawnSync(node, ["packages/bench/src/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, BENCH_LOAD: `${load}` }
})
process.exit(status ?? 1)
