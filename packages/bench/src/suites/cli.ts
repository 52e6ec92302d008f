/**
 * Starting the command line.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { count } from "../Format.ts"
import { median, timed } from "../Measurement.ts"
import type { Extent, Suite } from "../Suite.ts"

const program = decodeURIComponent(new URL("../../../cli/dist/bin.js", import.meta.url).pathname)

const commands = {
  "`node -e 0`": ["-e", "0"],
  "`gitlab-registry-usage --help`": [program, "--help"],
  "`gitlab-registry-usage ls --help`": [program, "ls", "--help"]
} as const
type Name = keyof typeof commands

const started = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const [{ status }, { wall }] = yield* timed(
    Effect.sync(() => spawnSync(process.execPath, [...args], { stdio: "ignore" }))
  )
  return status === 0 ? wall : yield* Effect.fail(new Error(`${args.join(" ")} ended with ${status}`))
})

const run = Effect.fnUntraced(function* (extent: Extent) {
  const rounds = extent === "full" ? 40 : 2
  const names = Object.keys(commands) as ReadonlyArray<Name>
  const walls: Record<Name, Array<number>> = {
    "`node -e 0`": [],
    "`gitlab-registry-usage --help`": [],
    "`gitlab-registry-usage ls --help`": []
  }
  // One round that does not count: it fills the caches of files and of compiled code.
  for (const name of names) yield* started(commands[name])
  for (let round = 0; round < rounds; round++) {
    for (const name of names) walls[name].push(yield* started(commands[name]))
  }
  const floor = median(walls["`node -e 0`"])
  return {
    method: `The built program is started ${rounds} times, in turn with an empty program of Node.js, from the start of the process to its end; medians.`,
    targets: [
      {
        what: "Help, beside twice an empty program and 150 ms",
        value: median(walls["`gitlab-registry-usage --help`"]),
        limit: 2 * floor + 150,
        unit: "ms"
      }
    ],
    tables: [
      {
        title: "From start to end",
        columns: ["", "Median", "Fastest", "Slowest"],
        rows: names.map((name) => [
          name,
          ...[median(walls[name]), Math.min(...walls[name]), Math.max(...walls[name])].map((ms) => `${count(ms)} ms`)
        ])
      }
    ],
    data: { rounds, walls }
  }
})

const suite: Suite = { title: "Starting the command line", run }
export default suite
