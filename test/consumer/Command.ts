/** Runs programs to their end. */
import { Effect } from "effect"
import { execFile } from "node:child_process"

export interface Ended {
  readonly status: number
  readonly stdout: string
  /** The whole output. */
  readonly output: string
}

/** How long a program may take (milliseconds). A program that does not end by itself is a fault. */
const timeout = 60_000

/** Runs a program and returns its status; -1 if it had to be killed. */
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

/** Runs a program that must succeed; otherwise its output is the defect. */
export const succeed = (...args: Parameters<typeof run>): Effect.Effect<string> =>
  Effect.flatMap(run(...args), ({ output, status, stdout }) =>
    status === 0 ? Effect.succeed(stdout) : Effect.die(new Error(`${args[1]} ${args[2].join(" ")}\n${output}`))
  )
