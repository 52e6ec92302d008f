/**
 * The machine that measures.
 */
import * as Os from "node:os"
import { Config, DateTime, Effect } from "effect"

/**
 * What a figure depends on. `load` is the number of processes that wanted to run in the last minute: where it is far
 * above what the suite needs, others were at work and the times are too long.
 */
export interface Machine {
  readonly takenAt: string
  readonly processor: string
  readonly processors: number
  readonly memoryMiB: number
  readonly node: string
  readonly load: number
}

export const current: Effect.Effect<Machine, Config.ConfigError> = Effect.gen(function* () {
  // scripts/bench.mjs reads the load before it installs and builds: that is not the load of others.
  const load = yield* Config.Number("BENCH_LOAD").pipe(Config.withDefault(Os.loadavg()[0]!))
  return {
    takenAt: DateTime.formatIso(yield* DateTime.now),
    processor: Os.cpus()[0]?.model.trim() ?? "unknown",
    processors: Os.availableParallelism(),
    memoryMiB: Math.round(Os.totalmem() / 1024 / 1024),
    node: process.version,
    load: Math.round(load * 10) / 10
  }
})

/** Ends the sentence on the load where others were at work. */
const caution = ({ load, processors }: Machine): string =>
  load > processors / 2 ? " Others were at work on it: wall times are too long, and ratios of them uncertain." : ""

/**
 * The machine in a sentence.
 */
export const describe = (machine: Machine): string =>
  `Taken on ${machine.takenAt.slice(0, 10)}, Node ${machine.node}, ${machine.processors} × ${machine.processor}, ` +
  `${Math.round(machine.memoryMiB / 1024)} GiB. Load of the machine before the command began: ${machine.load}.${caution(machine)}`
