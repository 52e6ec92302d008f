// node scripts/sbom.mjs PACKAGE FILE.map…: prints the software bill of materials (CycloneDX 1.6) of a program of this
// workspace: the npm packages that it contains, according to its source maps. It has no time, so that equal programs have
// equal bills.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bundled, swagger } from "./bundled.mjs"

const [home, ...maps] = process.argv.slice(2)
const { hasSwagger, packages } = bundled(maps)

const component = (type, { license, name, version }) => {
  const [, group, base] = /^(?:(@[^/]+)\/)?(.+)$/.exec(name)
  const purl = `pkg:npm/${group === undefined ? "" : `${encodeURIComponent(group)}/`}${base}@${version}`
  return {
    type,
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name: base,
    version,
    // One identifier, or an expression such as (MIT OR Apache-2.0).
    licenses: [/[\s()]/.test(license) ? { expression: license } : { license: { id: license } }],
    purl
  }
}

const manifests = [...packages.map(({ manifest }) => manifest), ...(hasSwagger ? [swagger] : [])]
const components = [
  ...new Map(manifests.map((manifest) => component("library", manifest)).map((c) => [c.purl, c])).values()
]
components.sort((a, b) => (a.purl < b.purl ? -1 : 1))
const program = component("application", JSON.parse(readFileSync(join(home, "package.json"), "utf8")))

console.log(
  JSON.stringify(
    {
      $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: { component: program },
      components,
      dependencies: [{ ref: program["bom-ref"], dependsOn: components.map(({ purl }) => purl) }]
    },
    undefined,
    2
  )
)
