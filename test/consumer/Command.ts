/**
 * Programs run to their end.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"

export interface Ended {
  readonly status: number
  readonly stdout: string
  /** All that was printed. */
  readonly output: string
}

/** How long a program may take, in milliseconds: one that does not end by itself is a fault. */
const timeout = 60_000

/** Runs a program; how it ends is for the caller to judge, -1 being the status of one that had to be killed. */
export const run = (
  directory: string,
  command: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Effect.Effect<Ended> =>
  Effect.callback((resume) => {
    const options = { cwd: directory, env: { ...process.env, ...environment }, maxBuffer: 1 << 28, timeout }
    const child = execFile(command, args, options, (error, stdout, stderr) =>
      resume(Effect.succeed({ status: error === null ? 0 : (child.exitCode ?? -1), stdout, output: stdout + stderr }))
    )
    return Effect.sync(() => child.kill())
  })

/** Runs a program that has to succeed; otherwise what it printed is the defect. */
export const succeed = (...args: Parameters<typeof run>): Effect.Effect<string> =>
  Effect.flatMap(run(...args), ({ output, status, stdout }) =>
    status === 0 ? Effect.succeed(stdout) : Effect.die(new Error(`${args[1]} ${args[2].join(" ")}\n${output}`))
  )
