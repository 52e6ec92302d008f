// npm run soak -- --minutes N [--json FILE]: runs the built server for N minutes (default 10) under constant load, on a
// registry with faults in 1 % of its responses. Prints memory, descriptors and errors; exits with 1 if memory or
// descriptors grow or a request fails.
import { build, exec, install } from "./workspace.mjs"

install()
build()
exec(["packages/server/test/soak/main.ts", ...process.argv.slice(2)])
