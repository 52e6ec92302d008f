// Runs the workspace's tools on a machine with Node 20 or later and npm.
import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))

/** The version of pnpm in `packageManager` of package.json. */
export const pnpmVersion = "12.21.0"

/** The workspace's own Node, which is a dependency. */
export const node = fileURLToPath(
  new URL(`../node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`, import.meta.url)
)

const fail = (title, status) => {
  console.error(`\n${title} failed (status ${status}).`)
  process.exit(status || 1)
}

/** Runs pnpm to its end. Its output is shown only if it fails, unless `show` is set. */
export const pnpm = (title, args, { show = false } = {}) => {
  if (!show) process.stderr.write(`${title} …\n`)
  const { error, status, stderr, stdout } = spawnSync("npx", ["--yes", `pnpm@${pnpmVersion}`, ...args], {
    cwd: root,
    shell: process.platform === "win32",
    stdio: show ? "inherit" : "pipe",
    encoding: "utf8",
    maxBuffer: 1 << 28
  })
  if (error !== undefined || status !== 0) {
    if (!show) process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`)
    if (error !== undefined) console.error(error.message)
    fail(title, status ?? 1)
  }
}

export const install = () => {
  const [major] = process.versions.node.split(".").map(Number)
  if (major < 20) {
    console.error(`Node 20 or later is needed; this is ${process.version}.`)
    process.exit(1)
  }
  pnpm("Installing", ["install", "--frozen-lockfile"])
  if (!existsSync(node)) fail("Installing Node for the workspace", 1)
}

export const build = () => pnpm("Building", ["run", "build"])

/** Runs a program with the workspace's Node in the foreground. It gets the signals, and its status becomes ours. */
export const exec = (args) => {
  const child = spawn(node, args, { cwd: root, stdio: "inherit" })
  // A terminal sends Ctrl-C to the child as well; a signal to this process alone is passed on.
  process.on("SIGINT", () => {})
  process.on("SIGTERM", () => child.kill("SIGTERM"))
  child.on("exit", (status, signal) => process.exit(signal === null ? status : 1))
}
