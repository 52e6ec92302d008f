/** The file that is published: its size, what it imports, and how fast it starts. */
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { execFile, execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { build } from "vite"
import { serving } from "./registry.ts"

/** The most bytes of the file. */
const maximum = 300_000

/** The most milliseconds that importing it adds to the start of Node. */
const maximumStart = 60

const directory = mkdtempSync(join(tmpdir(), "promise-bundle-"))
const bundle = join(directory, "index.js")

beforeAll(async () => {
  await build({ root: join(import.meta.dirname, ".."), build: { outDir: directory, sourcemap: false } })
})
afterAll(() => rmSync(directory, { recursive: true }))

/** The Node of the tests, and the one of the machine, which may be the oldest that the package supports. */
const nodes = [
  process.execPath,
  ...(process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((path) => !path.includes("node_modules"))
    .map((path) => join(path, "node"))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .slice(0, 1)
]

const evaluate = (node: string, code: string) =>
  execFileSync(node, ["--input-type=module", "--eval", code], { cwd: directory, encoding: "utf8" })

const imported = `import ${JSON.stringify(pathToFileURL(bundle).href)}`

/** The time of the processor in milliseconds that the shortest of several starts takes: other work does not add to it. */
const startOf = (node: string, code: string): number =>
  Math.min(
    ...Array.from({ length: 10 }, () => {
      const { system, user } = JSON.parse(evaluate(node, `${code}\nconsole.log(JSON.stringify(process.cpuUsage()))`))
      return (system + user) / 1000
    })
  )

describe("the bundle", () => {
  it(`has at most ${maximum} bytes`, () => {
    expect(statSync(bundle).size).toBeLessThanOrEqual(maximum)
  })

  it("has short lines, of which Node prints one with an error that nobody catches", () => {
    const longest = Math.max(
      ...readFileSync(bundle, "utf8")
        .split("\n")
        .map(({ length }) => length)
    )
    expect(longest).toBeLessThanOrEqual(1000)
    const script = `${imported.replace("import", "import { collect } from")}\nawait collect({})`
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" })
    expect(stderr).toContain("\nRegistryUsageError: registryUrl: missing")
    expect(stderr.length).toBeLessThan(3000)
  })

  it("imports nothing but modules of Node", () => {
    const text = readFileSync(bundle, "utf8")
    const modules = [...text.matchAll(/(?:^|[;}\s])(?:import|export)\b[^;"'()]*?["']([^"']+)["']/g)].map(
      ([, name]) => name!
    )
    expect(modules.filter((name) => !name.startsWith("node:"))).toEqual([])
    expect(text).not.toMatch(/\brequire\(|\bimport\((?!meta)/)
  })

  for (const node of nodes) {
    it(`runs in ${node}, and starts fast`, async () => {
      expect(startOf(node, imported) - startOf(node, "")).toBeLessThanOrEqual(maximumStart)
      const output = await serving(
        (request, response) => {
          const body = request.url!.startsWith("/v2/_catalog") ? { repositories: ["a/b"] } : { name: "a/b", tags: [] }
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
        },
        (registryUrl) => {
          const options = JSON.stringify({ registryUrl })
          const code = `import { collect, measure, toJUnit } from ${JSON.stringify(pathToFileURL(bundle).href)}
const report = await measure(await collect(${options}))
const refused = await collect({ registryUrl: "x" }).catch(({ code }) => code)
console.log(report.repositories.length, refused, toJUnit(report).length > 100)`
          return promisify(execFile)(node, ["--input-type=module", "--eval", code])
        }
      )
      expect(output.stdout).toBe("1 ERR_OPTION_INVALID true\n")
    })
  }
})
