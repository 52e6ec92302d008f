import { layer } from "@effect/vitest"
import { DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { Csv } from "effect/encoding"
import { Stream } from "effect"
import { XMLParser, XMLValidator } from "fast-xml-parser"
import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { parse as parseOpenMetrics } from "./openMetrics.ts"
import { asAdministrator, directory, layerProgram, layerRegistry, Program, steady } from "./program.ts"

const kinds = ["html", "junit", "openmetrics", "markdown", "dotenv", "csv", "json"] as const

const read = (path: string) => Effect.promise(() => readFile(path, "utf8"))

const golden = (name: string, text: string) =>
  Effect.promise(async () => expect(steady(text)).toMatchFileSnapshot(`golden/${name}`))

/** All kinds from one crawl, each checked against its golden file. */
const reported = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const program = yield* Program
  const registry = yield* DemoRegistry.DemoRegistry
  const out = yield* directory
  const flags = kinds.flatMap((kind) => [`--${kind}`, join(out, kind)])
  const { status, stderr, stdout } = yield* program.run(["report", ...flags, ...args], {
    env: asAdministrator(registry)
  })
  return { status, stderr, stdout, file: (kind: (typeof kinds)[number]) => read(join(out, kind)) }
})

const asList = <A>(value: A | ReadonlyArray<A> | undefined): ReadonlyArray<A> =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as A]

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "report",
  (it) => {
    it.effect("writes each file from one crawl, and the golden files say what", () =>
      Effect.gen(function* () {
        const registry = yield* DemoRegistry.DemoRegistry
        yield* registry.resetRequestCounts
        const { file, status, stdout } = yield* reported(["--max-total", "3MiB"])
        expect({ status, stdout }).toEqual({ status: 0, stdout: "" })
        // The first of the two is answered with where tokens come from.
        expect((yield* registry.requestCounts)["GET catalog"]).toBe(2)
        const extensions = {
          html: "html",
          junit: "xml",
          openmetrics: "om",
          markdown: "md",
          dotenv: "env",
          csv: "csv",
          json: "json"
        }
        for (const kind of kinds) {
          // The page holds hashes of its parts, its numbers are those of the others.
          if (kind !== "html") yield* golden(`report.${extensions[kind]}`, yield* file(kind))
        }
      })
    )

    it.effect("JUnit is well-formed, and its counts are those of its cases", () =>
      Effect.gen(function* () {
        const { file, status } = yield* reported(["--max-total", "2MB", "--fail-on-partial"])
        expect(status).toBe(10)
        const text = yield* file("junit")
        expect(XMLValidator.validate(text)).toBe(true)
        const { testsuites } = new XMLParser({ ignoreAttributes: false }).parse(text)
        const suites = asList<any>(testsuites.testsuite)
        expect(suites.map((suite) => suite["@_name"])).toEqual(["registry", "budgets", "readable"])
        const cases = suites.flatMap((suite) => {
          const own = asList<any>(suite.testcase)
          expect(Number(suite["@_tests"])).toBe(own.length)
          expect(Number(suite["@_failures"])).toBe(own.filter(({ failure }) => failure !== undefined).length)
          expect(Number(suite["@_skipped"])).toBe(own.filter(({ skipped }) => skipped !== undefined).length)
          return own
        })
        expect(Number(testsuites["@_tests"])).toBe(cases.length)
        expect(Number(testsuites["@_failures"])).toBe(2)
        expect(new Set(cases.map((one) => `${one["@_classname"]} ${one["@_name"]}`)).size).toBe(cases.length)
        expect(cases[1].failure["#text"]).toBe("total: disk at least 2.70 MiB is 814 KiB over its budget of 1.91 MiB")
        expect(cases[2].failure["@_message"]).toMatch(/^could not be read: Denied/)
      })
    )

    it.effect("OpenMetrics keeps to the grammar, is made of integers, and is the same every time", () =>
      Effect.gen(function* () {
        const text = yield* (yield* reported([])).file("openmetrics")
        expect(yield* (yield* reported([])).file("openmetrics")).toBe(text)
        const families = parseOpenMetrics(text)
        const values = [...families.values()].flatMap(({ samples }) => [...samples.values()])
        expect(values.every(Number.isSafeInteger)).toBe(true)
        const of = (name: string) => families.get(`gitlab_registry_usage_${name}`)!
        expect(of("disk_bytes")).toMatchObject({ type: "gauge", unit: "bytes" })
        expect(of("disk_bytes").samples.get("")).toBe(Expected.all.total.diskSize)
        const disks = [...of("repository_disk_bytes").samples.values()]
        expect(disks.reduce((a, b) => a + b)).toBe(Expected.all.total.diskSize)
        // What could not be read has no sample.
        expect([...of("repository_disk_bytes").samples.keys()].join()).not.toContain("vault")
        const program = yield* Program
        const { stdout } = yield* program.run(["ls", "-t", "-o", "openmetrics"], {
          env: asAdministrator(yield* DemoRegistry.DemoRegistry)
        })
        expect(parseOpenMetrics(stdout).get("gitlab_registry_usage_tag_disk_bytes")!.samples.size).toBe(139)
      })
    )

    it.effect("dotenv is what GitLab takes: few variables, plain names, no quotes, no empty lines", () =>
      Effect.gen(function* () {
        const lines = (yield* (yield* reported([])).file("dotenv")).split("\n")
        expect(lines.pop()).toBe("")
        expect(lines.length).toBeLessThan(10)
        for (const line of lines) expect(line).toMatch(/^[A-Za-z_][A-Za-z0-9_]*=[^"'\s$]+$/)
        expect(lines).toContain(`REGISTRY_USAGE_DISK_BYTES=${Expected.all.total.diskSize}`)
      })
    )

    it.effect("Markdown's tables have as many cells in each row as in their head", () =>
      Effect.gen(function* () {
        const text = yield* (yield* reported(["--max-total", "1MB"])).file("markdown")
        const tables = text.split("\n\n").filter((block) => block.startsWith("|"))
        expect(tables).toHaveLength(2)
        for (const table of tables) {
          const [head = [], delimiter = [], ...rows] = table
            .trimEnd()
            .split("\n")
            .map((line) => {
              expect(line).toMatch(/^\| .* \|$/)
              return line.slice(2, -2).split(/ (?<!\\)\| /)
            })
          expect(delimiter.every((cell) => /^:?-{3,}:?$/.test(cell))).toBe(true)
          for (const row of [delimiter, ...rows]) expect(row).toHaveLength(head.length)
        }
        expect(text).toContain("- :warning: total: disk at least 2.70 MiB")
      })
    )

    it.effect("CSV and JSON have a row for each repository", () =>
      Effect.gen(function* () {
        const { file } = yield* reported(["--max-total", "3MB"])
        const json = JSON.parse(yield* file("json"))
        expect(json).toMatchObject({ schema_version: 1, command: "report", total: { repositories: 12 } })
        expect(json.budgets).toEqual([expect.objectContaining({ name: "total", rule: "max", state: "ok" })])
        const rows = yield* Stream.make(yield* file("csv")).pipe(
          Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
          Stream.runCollect
        )
        expect(rows.map((row) => (row as { repository: string }).repository)).toEqual(
          json.repositories.map(({ repository }: { repository: string }) => repository)
        )
      })
    )

    it.effect("the page stands alone: well-formed, nothing loaded, only its own style and script allowed", () =>
      Effect.gen(function* () {
        const html = yield* (yield* reported(["--max-total", "2MB"])).file("html")
        const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`
        const between = (tag: string) => {
          const found = [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))]
          expect(found).toHaveLength(1)
          return found[0]![1]!
        }
        const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!
        expect(policy).toBe(
          `default-src 'none'; style-src ${hash(between("style"))}; script-src ${hash(between("script"))}; base-uri 'none'; form-action 'none'`
        )
        const markup = html.replace(between("style"), "").replace(between("script"), "")
        expect(markup).not.toMatch(/ (?:style|on\w+|src|srcset|data|action)=/)
        const targets = [...markup.matchAll(/href="([^"]*)"/g)].map(([, target]) => target!)
        expect(targets.length).toBeGreaterThan(3)
        // Every link of the map has its row.
        const ids = new Set([...markup.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))
        for (const target of targets) expect([...ids].map((id) => `#${id}`)).toContain(target)
        expect(ids.size).toBe(12)
        const closed = markup.replace("<!doctype html>", "").replaceAll(/<(meta|input)([^>]*)>/g, "<$1$2/>")
        expect(XMLValidator.validate(closed)).toBe(true)
        // The areas of the map are in proportion: padding takes some.
        const area = (name: string) => {
          const [, width, height] = new RegExp(
            `<title>${name}: [^<]*</title><rect class="leaf[^>]*width="(\\d+)" height="(\\d+)"`
          ).exec(markup)!
          return Number(width) * Number(height)
        }
        const ratio = area("library/base/node") / area("library/base/debian")
        expect(ratio).toBeGreaterThan(0.9 * (717_800 / 280_629))
        expect(ratio).toBeLessThan(1.1 * (717_800 / 280_629))
        expect(html).toContain("Over budget: total: disk at least 2.70 MiB")
      })
    )

    it.effect("--ci writes what a job declares, shows a table, and keeps the status of the budget", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const out = join(yield* directory, "made", "here")
        const { status, stdout } = yield* program.run(["report", "--ci", "--directory", out, "--max-total", "1MB"], {
          env: { ...asAdministrator(yield* DemoRegistry.DemoRegistry), CI: "true" }
        })
        expect(status).toBe(10)
        expect(stdout).toContain("TOTAL 12 repositories")
        expect((yield* Effect.promise(() => readdir(out))).toSorted()).toEqual([
          "junit.xml",
          "metrics.txt",
          "usage.env",
          "usage.html",
          "usage.json"
        ])
      })
    )
  }
)
