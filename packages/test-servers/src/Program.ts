/**
 * A program of ours as a process of its own: what it says, what it uses, and how it ends.
 *
 * @since 0.1.0
 */
import { spawn } from "node:child_process"
import * as Fs from "node:fs/promises"
import { Effect, Schedule, type Scope } from "effect"
import { ServerError } from "./Servers.ts"

/**
 * What the kernel tells of a process (proc(5)).
 *
 * @category models
 * @since 0.1.0
 */
export interface Usage {
  /** Bytes of memory that are resident. */
  readonly resident: number
  /** Open file descriptors. */
  readonly descriptors: number
}

/**
 * A running program.
 *
 * @category models
 * @since 0.1.0
 */
export interface Program {
  readonly pid: number
  /** All that it wrote so far, to both streams. */
  readonly output: () => string
  /** Waits until what it wrote matches, and returns the match; at most so many milliseconds, 20,000 by default. */
  readonly says: (pattern: RegExp, milliseconds?: number) => Effect.Effect<RegExpMatchArray, ServerError>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** The status that it ended with, or the signal. */
  readonly end: Effect.Effect<number | NodeJS.Signals>
  readonly usage: Effect.Effect<Usage>
}

/**
 * Runs a program of this Node with these arguments, the path of the script first. It is killed when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Effect.fn.Return<Program, ServerError, Scope.Scope> {
  let output = ""
  let ended: number | NodeJS.Signals | undefined
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, args, { env: { ...environment }, stdio: ["ignore", "pipe", "pipe"] })
      const kill = () => child.kill("SIGKILL")
      process.once("exit", kill)
      child.once("close", (code, signal) => {
        ended = code ?? signal ?? 1
        process.off("exit", kill)
      })
      child.on("error", (error) => (output += error.message))
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => (output += text))
      }
      return child
    }),
    (child) =>
      Effect.callback<void>((resume) => {
        if (ended !== undefined) return resume(Effect.void)
        child.once("close", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )
  if (child.pid === undefined) return yield* new ServerError({ detail: `${args[0]} did not start: ${output}` })
  const { pid } = child

  return {
    pid,
    output: () => output,
    says: (pattern, milliseconds = 20_000) =>
      Effect.suspend(() => {
        const match = pattern.exec(output)
        if (match !== null) return Effect.succeed(match)
        const why = ended === undefined ? `did not say ${pattern}` : `ended with ${ended}`
        return Effect.fail(new ServerError({ detail: `${args[0]} ${why}: ${output.slice(-2000)}` }))
      }).pipe(
        Effect.retry({
          schedule: Schedule.spaced("20 millis"),
          times: Math.ceil(milliseconds / 20),
          while: () => ended === undefined
        })
      ),
    signal: (signal) => Effect.sync(() => void child.kill(signal)),
    end: Effect.callback((resume) => {
      if (ended !== undefined) return resume(Effect.succeed(ended))
      child.once("close", (code, signal) => resume(Effect.succeed(code ?? signal ?? 1)))
    }),
    usage: Effect.promise(async () => {
      const [status, descriptors] = await Promise.all([
        Fs.readFile(`/proc/${pid}/status`, "utf8"),
        Fs.readdir(`/proc/${pid}/fd`)
      ])
      return {
        resident: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024,
        descriptors: descriptors.length
      }
    })
  }
})
