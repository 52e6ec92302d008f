/**
 * The command: runs suites, prints their reports and saves them.
 */
import { Console, Effect, FileSystem, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { replaced, section } from "./Document.ts"
import * as Machine from "./Machine.ts"
import { type Extent, isMet, type Suite } from "./Suite.ts"
import cli from "./suites/cli.ts"
import crawl from "./suites/crawl.ts"
import history from "./suites/history.ts"
import scale from "./suites/scale.ts"
import serve from "./suites/serve.ts"

const preface = `# Performance

Every figure here was measured by \`npm run bench\`, which also writes the text between the markers; all measurements are in \`packages/bench/results\`. \`npm run bench -- crawl\` runs one suite.
`

const here = (name: string) => decodeURIComponent(new URL(name, import.meta.url).pathname)

const suites: ReadonlyArray<readonly [name: string, suite: Suite]> = [
  ["crawl", crawl],
  ["scale", scale],
  ["serve", serve],
  ["history", history],
  ["cli", cli]
]

const write = Effect.fnUntraced(function* (path: string, change: (text: string) => string, missing: string) {
  const fs = yield* FileSystem.FileSystem
  const text = (yield* fs.exists(path)) ? yield* fs.readFileString(path) : missing
  yield* fs.makeDirectory((yield* Path.Path).dirname(path), { recursive: true })
  yield* fs.writeFileString(path, change(text))
})

const run = Effect.fnUntraced(function* ([name, suite]: (typeof suites)[number], extent: Extent) {
  yield* Console.log(`Suite ${name} …`)
  const machine = yield* Machine.current
  const report = yield* Effect.scoped(suite.run(extent))
  const text = section(suite, report, Machine.describe(machine))
  yield* Console.log(`\n${text}\n`)
  if (extent === "full") {
    yield* write(here("../../../docs/performance.md"), (document) => replaced(document, name, text), preface)
    const { data, targets } = report
    const results = targets.map((target) => {
      const [what, value, limit, unit] = target
      return { what, value, limit, unit, met: isMet(target) }
    })
    const json = { suite: name, machine, targets: results, data }
    yield* write(here(`../results/${name}.json`), () => `${JSON.stringify(json, null, 2)}\n`, "")
  }
})

/**
 * `bench [suite…] [--smoke]`: runs all suites if none is named.
 */
export const bench = Command.make(
  "bench",
  {
    chosen: Argument.variadic(
      Argument.ChoiceWithValue(
        "suite",
        suites.map((entry) => [entry[0], entry] as const)
      )
    ),
    smoke: Flag.Boolean("smoke").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Small sizes: checks that the suites run; saves nothing")
    )
  },
  ({ chosen, smoke }) =>
    Effect.forEach(chosen.length === 0 ? suites : chosen, (entry) => run(entry, smoke ? "smoke" : "full"), {
      discard: true
    })
)
