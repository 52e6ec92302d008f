// node scripts/licenses.mjs FILE.map…: prints the licences of the packages that the built programs contain, according
// to their source maps. These licences require that every copy includes their text.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { bundled, swagger } from "./bundled.mjs"

const { hasSwagger, packages } = bundled(process.argv.slice(2))

/** The licence of a package, and the notices in its sources about code of others. */
const texts = packages.map(({ contents, folder, manifest: { license, name, version } }) => {
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file))
  if (files.length === 0) throw new Error(`${name} ${version} (${license}) has no licence text`)
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8"))
  const comments = contents
    .flatMap((content) => content.match(/^[ \t]*\/\*[^]*?\*\//gm) ?? [])
    .filter((comment) => /copyright|licen[cs]ed? under|under (?:the )?MIT/i.test(comment))
  return [`${name} ${version} (${license})`, ...new Set([...texts, ...comments].map((text) => text.trim()))].join(
    "\n\n"
  )
})

if (hasSwagger) {
  const text = readFileSync(new URL(`licenses/swagger-ui-${swagger.version}.txt`, import.meta.url), "utf8")
  texts.push(`${swagger.name} ${swagger.version} (${swagger.license}), within effect\n\n${text.trim()}`)
}

console.log([...new Set(texts)].sort().join(`\n\n${"-".repeat(80)}\n\n`))
