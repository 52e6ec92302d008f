// npm test: builds, checks types, lints, checks the format and runs the tests, but for the slow suites.
// npm run test:slow: builds and runs the slow suites. Further arguments go to vitest; vitest.config.ts has both lists.
import { build, install, pnpm } from "./workspace.mjs"
import { servers } from "./servers.mjs"

const [slow, ...rest] = process.argv[2] === "--slow" ? process.argv.slice(2) : [undefined, ...process.argv.slice(2)]

// The slow suites build the container image.
const image = [
  ["/usr/bin/buildah", "buildah"],
  ["/usr/bin/busybox", "busybox-static"]
]

servers(slow === undefined ? [] : image)
install()
build()
if (slow === undefined) {
  pnpm("Checking types", ["run", "typecheck"])
  pnpm("Linting", ["run", "lint"])
  pnpm("Checking the format", ["run", "format:check"])
}
pnpm("Testing", ["run", "vitest", "--project", slow === undefined ? "fast*" : "slow", ...rest], { show: true })
