// npm run release: publishes the committed version. `-- --dry-run` prints the next release without publishing or
// changing anything; `-- --version` raises the version and writes the change logs.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { published } from "./packages.mjs"
import { install, pnpmVersion, root } from "./workspace.mjs"

/** Runs a program in this directory and shows its output. Exits if the program fails. */
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

/** npm accepts provenance only from jobs of GitLab and GitHub. */
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

/** In a clone of the commit, so that the working tree does not change. */
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
    // The lock file contains the versions of the dependencies between these packages.
    pnpm(root, "install", "--no-frozen-lockfile")
    break
  case undefined:
    release()
    break
  default:
    refuse(`${mode}: there are --dry-run and --version.`)
}
