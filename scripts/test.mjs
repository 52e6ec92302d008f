// npm test: everything that can be checked. Arguments are passed on to vitest.
import { build, install, pnpm } from "./workspace.mjs"
import { servers } from "./servers.mjs"

servers()
install()
build()
pnpm("Checking types", ["run", "typecheck"])
pnpm("Linting", ["run", "lint"])
pnpm("Checking the format", ["run", "format:check"])
pnpm("Testing", ["run", "vitest", ...process.argv.slice(2)], { show: true })
