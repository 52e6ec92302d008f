/** Empty projects that install the published packages from their tarballs. */
import { Effect } from "effect"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { packing, published, tarballOf } from "../../scripts/packages.mjs"
import { pnpmVersion, root } from "../../scripts/workspace.mjs"
import { succeed } from "./Command.ts"

/** A directory that is removed when the scope closes. */
export const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "consumer-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** Packs the built packages and returns the tarball of each. */
export const pack = Effect.fnUntraced(function* (destination: string) {
  yield* succeed(root, "npx", ["--yes", `pnpm@${pnpmVersion}`, ...packing(destination)])
  return new Map(published().map((manifest) => [manifest.name, join(destination, tarballOf(manifest))]))
})

const versionOf = (name: string): string => {
  const manifest = readFileSync(join(root, "node_modules", name, "package.json"), "utf8")
  return (JSON.parse(manifest) as { readonly version: string }).version
}

const installers = {
  npm: ["npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"]],
  pnpm: ["npx", ["--yes", `pnpm@${pnpmVersion}`, "install", "--prefer-offline"]]
} as const

/**
 * Makes a project with the programs and installs these tarballs. The packages of `beside` are installed in the
 * workspace's versions.
 */
export const make = Effect.fnUntraced(function* (
  directory: string,
  installer: keyof typeof installers,
  tarballs: Iterable<readonly [string, string]>,
  beside: ReadonlyArray<string>
) {
  const files = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]))
  const versions = Object.fromEntries(beside.map((name) => [name, versionOf(name)]))
  const [command, args] = installers[installer]
  yield* Effect.sync(() => {
    mkdirSync(directory)
    cpSync(fileURLToPath(new URL("programs", import.meta.url)), directory, { recursive: true })
    const manifest = { private: true, type: "module", dependencies: { ...files, ...versions } }
    writeFileSync(join(directory, "package.json"), JSON.stringify(manifest))
    // Otherwise pnpm would request the dependencies between the packages from the registry, which does not have them
    // yet.
    writeFileSync(join(directory, "pnpm-workspace.yaml"), `overrides: ${JSON.stringify(files)}\n`)
  })
  yield* succeed(directory, command, args)
})
