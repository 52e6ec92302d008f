// npm run soak -- --minutes N [--json FILE]: the built server for N minutes (default 10) on a registry 1 % of whose answers
// are faults, with steady reading. Prints memory, descriptors and errors; ends with 1 where they grow or there are any. The
// figures go to scripts/soak.json, which `npm run faults` reports.
import { fileURLToPath } from "node:url"
import { build, exec, install } from "./workspace.mjs"

install()
build()
const record = fileURLToPath(new URL("soak.json", import.meta.url))
exec(["packages/server/test/soak/main.ts", "--record", record, ...process.argv.slice(2)])
