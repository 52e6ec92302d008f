/** The machine of a measurement. */
import * as Os from "node:os"
import { Config, DateTime, Effect } from "effect"

/**
 * The properties of a machine that figures depend on. `load` is the load average of the last minute: if it is far above
 * what the suite needs, other processes were running and the times are too long.
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
  // scripts/bench.mjs reads the load before it installs and builds, which would raise it.
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

/** The end of the sentence about the load, if other processes were running. */
const caution = ({ load, processors }: Machine): string =>
  load > processors / 2 ? " Others were at work on it: wall times are too long, and ratios of them uncertain." : ""

/**
 * The machine in a sentence.
 */
export const describe = (machine: Machine): string =>
  `Taken on ${machine.takenAt.slice(0, 10)}, Node ${machine.node}, ${machine.processors} × ${machine.processor}, ` +
  `${Math.round(machine.memoryMiB / 1024)} GiB. Load of the machine before the command began: ${machine.load}.${caution(machine)}`
