// The published packages and their tarballs.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./workspace.mjs"

/** The manifests of the published packages, each with its directory. */
export const published = () =>
  readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .map((directory) => ({ ...JSON.parse(readFileSync(join(directory, "package.json"), "utf8")), directory }))
    .filter((manifest) => manifest.private !== true)

/** The arguments with which pnpm packs them. It does not build them again. */
export const packing = (destination) => [
  "-r",
  ...published().flatMap(({ name }) => ["--filter", name]),
  "pack",
  "--pack-destination",
  destination
]

/** The name of a package's tarball. */
export const tarballOf = ({ name, version }) => `${name.replace("@", "").replace("/", "-")}-${version}.tgz`
