// The npm packages that built programs contain, according to their source maps.
import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

/** From the npm package of this version: `effect` contains a copy of it, without its licence. */
export const swagger = { name: "swagger-ui", version: "5.31.0", license: "Apache-2.0" }

/** Each package with its folder, its `package.json` and the contents of its sources; and whether swagger-ui is in one. */
export const bundled = (maps) => {
  const sources = maps.flatMap((map) => {
    const { sourceRoot = "", sources, sourcesContent } = JSON.parse(readFileSync(map, "utf8"))
    return sources.flatMap((source, i) => {
      // The last node_modules of the path, because pnpm stores each version of a package in a node_modules of its own.
      const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(resolve(dirname(map), sourceRoot, source)) ?? []
      return folder === undefined ? [] : [{ folder, source, content: sourcesContent[i] }]
    })
  })
  if (sources.length === 0) throw new Error("no source map names a package")
  const copies = sources.filter(({ source }) => source.includes("httpApiSwagger"))
  if (copies.some(({ content }) => !content.includes(`PACKAGE_VERSION:\\"${swagger.version}\\"`))) {
    throw new Error(
      `effect contains another version of swagger-ui than ${swagger.version}: add the licence of that version`
    )
  }
  const packages = [...new Set(sources.map(({ folder }) => folder))].map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    contents: sources.filter((source) => source.folder === folder).map(({ content }) => content)
  }))
  return { packages, hasSwagger: copies.length > 0 }
}
