/**
 * Starting the command line.
 */
import { Effect, Record } from "effect"
import { spawnSync } from "node:child_process"
import { count } from "../Format.ts"
import { inTurns, median, timed } from "../Measurement.ts"
import type { Extent, Report, Suite } from "../Suite.ts"

const program = decodeURIComponent(new URL("../../../cli/dist/bin.js", import.meta.url).pathname)

const commands = {
  "`node -e 0`": ["-e", "0"],
  "`gitlab-registry-usage --help`": [program, "--help"],
  "`gitlab-registry-usage ls --help`": [program, "ls", "--help"]
} as const

const started = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const [{ status }, { wall }] = yield* timed(
    Effect.sync(() => spawnSync(process.execPath, [...args], { stdio: "ignore" }))
  )
  return status === 0 ? wall : yield* Effect.fail(new Error(`${args.join(" ")} ended with ${status}`))
})

const run = Effect.fnUntraced(function* (extent: Extent) {
  const rounds = extent === "full" ? 40 : 2
  // The first round fills the caches of files and of compiled code.
  const walls = yield* inTurns(Record.map(commands, started), { rounds, warmUp: 1 })
  return {
    method: `Medians of ${rounds} runs, from the start of the process to its end. The built program and an empty program of Node.js run in turns.`,
    targets: [
      [
        "Help, beside twice an empty program and 150 ms",
        median(walls["`gitlab-registry-usage --help`"]),
        2 * median(walls["`node -e 0`"]) + 150,
        "ms"
      ]
    ],
    tables: [
      {
        title: "From start to end",
        columns: ["", "Median", "Fastest", "Slowest"],
        rows: Object.entries(walls).map(([name, all]) => [
          name,
          ...[median(all), Math.min(...all), Math.max(...all)].map((ms) => `${count(ms)} ms`)
        ])
      }
    ],
    data: { rounds, walls }
  } satisfies Report
})

const suite: Suite = { title: "Starting the command line", run }
export default suite
