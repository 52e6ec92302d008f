// npm start: runs the server on an embedded registry. Arguments are passed on; `npm start -- --help` lists them.
import { build, exec, install } from "./workspace.mjs"

const args = process.argv.slice(2)

install()
if (!args.includes("--help") && !args.includes("-h")) build()
exec(["packages/demo/src/server/main.ts", ...args])
