// npm start: runs the server on an embedded registry. Arguments are passed on: `--once` checks the figures and exits.
import { build, exec, install } from "./workspace.mjs"

install()
build()
exec(["packages/demo/src/server/main.ts", ...process.argv.slice(2)])
