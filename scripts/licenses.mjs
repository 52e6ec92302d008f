// node scripts/licenses.mjs FILE.map…: prints the licences of the packages that the built programs contain, according
// to their source maps. These licences require that every copy includes their text.
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

/** From the npm package of this version: `effect` contains a copy of it without the licence. */
const swagger = { version: "5.31.0", file: new URL("licenses/swagger-ui-5.31.0.txt", import.meta.url) }

const sources = process.argv.slice(2).flatMap((map) => {
  const { sourceRoot = "", sources, sourcesContent } = JSON.parse(readFileSync(map, "utf8"))
  return sources.flatMap((source, i) => {
    // The last node_modules of the path, because pnpm stores each version of a package in a node_modules of its own.
    const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(resolve(dirname(map), sourceRoot, source)) ?? []
    return folder === undefined ? [] : [{ folder, source, content: sourcesContent[i] }]
  })
})
if (sources.length === 0) throw new Error("no source map names a package")

/** The licence of a package, and the notices in its sources about code of others. */
const packages = [...new Set(sources.map(({ folder }) => folder))].map((folder) => {
  const { license, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file))
  if (files.length === 0) throw new Error(`${name} ${version} (${license}) has no licence text`)
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8"))
  const comments = sources
    .filter((source) => source.folder === folder)
    .flatMap(({ content }) => content.match(/^[ \t]*\/\*[^]*?\*\//gm) ?? [])
    .filter((comment) => /copyright|licen[cs]ed? under|under (?:the )?MIT/i.test(comment))
  return [`${name} ${version} (${license})`, ...new Set([...texts, ...comments].map((text) => text.trim()))].join(
    "\n\n"
  )
})

const copies = sources
  .filter(({ source }) => source.includes("httpApiSwagger"))
  .map(({ content }) => {
    if (!content.includes(`PACKAGE_VERSION:\\"${swagger.version}\\"`)) {
      throw new Error(
        `effect contains another version of swagger-ui than ${swagger.version}: add the licence of that version`
      )
    }
    return `swagger-ui ${swagger.version} (Apache-2.0), within effect\n\n${readFileSync(swagger.file, "utf8").trim()}`
  })

console.log([...new Set([...packages, ...copies])].sort().join(`\n\n${"-".repeat(80)}\n\n`))
