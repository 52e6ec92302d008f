// npm run release: publishes the version that is committed. `-- --dry-run` shows what the next release would be, without
// publishing or changing anything; `-- --version` raises the version and writes the change logs.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { published } from "./packages.mjs"
import { install, pnpmVersion, root } from "./workspace.mjs"

/** Runs a program in this directory, with all that it says shown; ends where it fails. */
const run = (directory, command, ...args) => {
  console.error(`\n$ ${command} ${args.join(" ")}`)
  const { error, status } = spawnSync(command, args, {
    cwd: directory,
    stdio: "inherit",
    shell: process.platform === "win32"
  })
  if (error === undefined && status === 0) return
  console.error(error?.message ?? `ended with status ${status}`)
  process.exit(status || 1)
}

const pnpm = (directory, ...args) => run(directory, "npx", "--yes", `pnpm@${pnpmVersion}`, ...args)

const textOf = (command, ...args) => spawnSync(command, args, { cwd: root, encoding: "utf8" }).stdout.trim()

const pending = () =>
  readdirSync(join(root, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md")

/** npm takes a statement of where the package was built, which only a job of GitLab or GitHub can give. */
const publish = (directory, ...args) =>
  pnpm(
    directory,
    "-r",
    ...published().flatMap(({ name }) => ["--filter", name]),
    "publish",
    "--access",
    "public",
    "--provenance",
    ...args
  )

const refuse = (reason) => {
  console.error(reason)
  process.exit(1)
}

/** In a clone of what is committed, so that the working tree stays as it is. */
const dryRun = () => {
  const directory = mkdtempSync(join(tmpdir(), "release-"))
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }))
  run(root, "git", "clone", "--quiet", root, directory)
  pnpm(directory, "install", "--frozen-lockfile", "--prefer-offline")
  if (pending().length > 0) pnpm(directory, "exec", "changeset", "version")
  run(directory, "git", "status", "--short")
  pnpm(directory, "run", "build")
  publish(directory, "--dry-run", "--no-git-checks")
}

const release = () => {
  if (textOf("git", "status", "--porcelain") !== "") refuse("There is something that is not committed.")
  if (pending().length > 0)
    refuse("There are changesets: `npm run release -- --version` comes first, and a commit of it.")
  run(root, "node", "scripts/test.mjs")
  run(root, "node", "scripts/test.mjs", "--slow")
  publish(root)
  pnpm(root, "exec", "changeset", "tag")
  console.error("\nPublished. Now push the tags: git push --follow-tags")
}

const [mode, ...rest] = process.argv.slice(2)
if (rest.length > 0) refuse("One of --dry-run and --version, or neither.")
switch (mode) {
  case "--dry-run":
    dryRun()
    break
  case "--version":
    install()
    pnpm(root, "exec", "changeset", "version")
    // The lock file holds the versions by which the packages ask for each other.
    pnpm(root, "install", "--no-frozen-lockfile")
    break
  case undefined:
    release()
    break
  default:
    refuse(`${mode}: there are --dry-run and --version.`)
}
