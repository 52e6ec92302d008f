/**
 * The command: runs suites, prints what they found and keeps it.
 */
import { Console, Effect, FileSystem, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { replaced, section } from "./Document.ts"
import * as Machine from "./Machine.ts"
import { isMet, type Suite } from "./Suite.ts"

const preface = `# Performance

Every figure here was measured by \`npm run bench\`, which also writes what stands between the markers; the single measurements are in \`packages/bench/results\`. \`npm run bench -- crawl\` runs one suite.
`

const here = (name: string) => decodeURIComponent(new URL(name, import.meta.url).pathname)

/** The suites are the files of \`suites/\`, each by the name of its file. */
const suites = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const names = yield* fs.readDirectory(here("suites"))
  return names.filter((name) => name.endsWith(".ts")).map((name) => name.slice(0, -3))
})

const load = (name: string) =>
  Effect.map(
    Effect.promise(() => import(`./suites/${name}.ts`) as Promise<{ readonly default: Suite }>),
    (module) => module.default
  )

const write = Effect.fnUntraced(function* (path: string, change: (text: string) => string, missing: string) {
  const fs = yield* FileSystem.FileSystem
  const text = (yield* fs.exists(path)) ? yield* fs.readFileString(path) : missing
  yield* fs.makeDirectory((yield* Path.Path).dirname(path), { recursive: true })
  yield* fs.writeFileString(path, change(text))
})

const run = Effect.fnUntraced(function* (name: string, extent: "full" | "smoke") {
  const suite = yield* load(name)
  yield* Console.log(`Suite ${name} …`)
  const machine = yield* Machine.current
  const report = yield* Effect.scoped(suite.run(extent))
  const text = section(suite, report, Machine.describe(machine))
  yield* Console.log(`\n${text}\n`)
  if (extent === "full") {
    yield* write(here("../../../docs/performance.md"), (document) => replaced(document, name, text), preface)
    const { data, targets } = report
    const json = { suite: name, machine, targets: targets.map((target) => ({ ...target, met: isMet(target) })), data }
    yield* write(here(`../results/${name}.json`), () => `${JSON.stringify(json, null, 2)}\n`, "")
  }
})

/**
 * `bench [suite…] [--smoke]`: all suites where none is named.
 */
export const bench = Command.make(
  "bench",
  {
    names: Argument.variadic(Argument.String("suite")),
    smoke: Flag.Boolean("smoke").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Tiny sizes: shows that the suites run; keeps nothing")
    )
  },
  Effect.fnUntraced(function* ({ names, smoke }) {
    const known = yield* suites
    const unknown = names.filter((name) => !known.includes(name))
    if (unknown.length > 0) {
      return yield* Effect.fail(new Error(`no suite ${unknown.join(", ")}; there are ${known.join(", ")}`))
    }
    for (const name of names.length === 0 ? known : names) yield* run(name, smoke ? "smoke" : "full")
  })
)
