// npm run faults: runs the tests of the known faults and bad inputs. Prints the scoreboard and writes
// docs/reliability.md. Exits with 1 if a test fails or a case has no test.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { servers } from "./servers.mjs"
import { build, install, node, root } from "./workspace.mjs"

const cases = JSON.parse(readFileSync(new URL("faults.json", import.meta.url), "utf8"))

servers()
install()
build()

const directory = mkdtempSync(join(tmpdir(), "faults-"))
const output = join(directory, "report.json")
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url))
const run = spawnSync(
  node,
  [
    vitest,
    "run",
    "--reporter=json",
    "--reporter=./scripts/canary-reporter.mjs",
    `--outputFile.json=${output}`,
    "--testNamePattern",
    "\\bF\\d\\d+\\b"
  ],
  { cwd: root, stdio: ["ignore", "ignore", "inherit"] }
)
if (run.error !== undefined) throw run.error
const report = JSON.parse(readFileSync(output, "utf8"))
rmSync(directory, { recursive: true })

const leaked = run.status !== 0 && report.success

/** Number of a case → the tests with that number in their titles. */
const tests = new Map(cases.map(({ id }) => [id, []]))
for (const { assertionResults, name: file } of report.testResults) {
  for (const { fullName, status, title, ancestorTitles } of assertionResults) {
    if (status !== "passed" && status !== "failed") continue
    // The number may be in the title of the test or of its group.
    const numbers = new Set([...ancestorTitles, title].join(" ").match(/\bF\d{2,3}\b/g))
    for (const number of numbers) tests.get(number)?.push({ file: relative(root, file), status, fullName })
  }
}

/** How the faults are provoked, by the files of the tests. */
const provoked = (found) => {
  const files = new Set(found.map(({ file }) => file))
  const real = [...files].some((file) => file.includes(".integration."))
  return { how: real ? "real server" : "in process or raw socket", files: [...files].toSorted() }
}

const rows = cases.map(({ case: text, group, id }) => {
  const found = tests.get(id)
  // The run also fails if the reporter found a secret in the output.
  const failed = id === "F54" && leaked ? found : found.filter(({ status }) => status === "failed")
  const result = failed.length > 0 ? "FAIL" : found.length === 0 ? "no test" : "pass"
  return { id, group, text, result, count: found.length, ...provoked(found) }
})

for (const { count, id, result, text } of rows) {
  console.log(`${id.padEnd(5)}${result.padEnd(9)}${String(count).padStart(3)}  ${text}`)
}
const counts = Object.groupBy(rows, ({ result }) => result)
const summary = Object.entries(counts)
  .map(([result, all]) => `${all.length} ${result}`)
  .join(", ")
console.log(`\n${rows.length} cases: ${summary}`)

/** Numbers between the first and the last that no case has. */
const numbers = cases.map(({ id }) => Number(id.slice(1)))
const unused = Array.from({ length: Math.max(...numbers) }, (_, i) => i + 1)
  .filter((number) => !numbers.includes(number))
  .map((number) => `F${number}`)

/** The last run of `npm run soak`. */
const soak = JSON.parse(readFileSync(new URL("soak.json", import.meta.url), "utf8"))
const growth = ([first, last], unit = 1) => `${Math.round(first / unit)} → ${Math.round(last / unit)}`
const grouped = (number) => number.toLocaleString("en")

const cell = (text) => text.replaceAll("|", "\\|")
const section = (group) => `## ${group}

| | case | tests | provoked by | |
|---|---|---|---|---|
${rows
  .filter((row) => row.group === group)
  .map(({ count, files, how, id, result, text }) => {
    const where =
      count === 0 ? "" : `${how}: ${files.map((file) => `[${file.split("/").at(-1)}](../${file})`).join(", ")}`
    return `| ${id} | ${cell(text)} | ${count} | ${where} | ${result} |`
  })
  .join("\n")}
`

writeFileSync(
  join(root, "docs/reliability.md"),
  `# Reliability

<!-- Made by \`npm run faults\`. -->

What the product does with faults and bad input: each case, and the tests that have its number in their titles. The tests talk to the real
thing where one exists: Debian's slapd, docker-registry, PostgreSQL and nginx, raw sockets, processes that are killed. They are part of
\`npm test\`; \`npm run faults\` runs them alone and writes this page.

${rows.length} cases: ${summary}.${unused.length === 0 ? "" : ` The numbers ${unused.join(" and ")} are unused.`}

${[...new Set(cases.map(({ group }) => group))].map(section).join("\n")}
## The last soak

\`npm run soak -- --minutes 60\` runs the built server for an hour, with crawls one second apart on a registry 1 % of whose answers are
faults, and with steady reading. It ends with 1 where reads fail, or memory or descriptors grow. The last run: ${soak.minutes} minutes,
${grouped(soak.injected)} faults, ${grouped(soak.crawls)} crawls (${grouped(soak.failedCrawls)} more failed), ${grouped(soak.reads)} reads with ${grouped(soak.serverErrors)} errors, p99 ${soak.p99} ms. From
the first third to the last: resident ${growth(soak.resident, 2 ** 20)} MiB, heap ${growth(soak.heap, 2 ** 20)} MiB, descriptors ${growth(soak.descriptors)}.
${soak.problems.length === 0 ? "Nothing grew." : soak.problems.join("; ")}
`
)

process.exit(rows.some(({ result }) => result === "FAIL" || result === "no test") ? 1 : 0)
