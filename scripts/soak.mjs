// npm run soak -- --minutes N [--json FILE]: the built server for N minutes (default 10) on a registry 1 % of whose answers
// are faults, with steady reading. Prints memory, descriptors and errors; ends with 1 where they grow or there are any.
import { build, exec, install } from "./workspace.mjs"

install()
build()
exec(["packages/server/test/soak/main.ts", ...process.argv.slice(2)])
