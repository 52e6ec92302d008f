// npm run soak -- --minutes N [--json FILE]: runs the built server for N minutes (default 10) under constant load, on a
// registry with faults in 1 % of its responses. Prints memory, descriptors and errors; exits with 1 if memory or
// descriptors grow or a request fails. The figures go to scripts/soak.json, which `npm run faults` reports.
import { fileURLToPath } from "node:url"
import { build, exec, install } from "./workspace.mjs"

install()
build()
const record = fileURLToPath(new URL("soak.json", import.meta.url))
exec(["packages/server/test/soak/main.ts", "--record", record, ...process.argv.slice(2)])
