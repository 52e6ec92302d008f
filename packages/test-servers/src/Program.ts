/** A program as a child process: its output, its resources, and its end. */
import { spawn } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import { Effect, Schedule, type Scope } from "effect"
import * as Secrets from "./Secrets.ts"
import { ServerError } from "./Servers.ts"

/** The resources that a process uses, from proc(5). */
export interface Usage {
  /** Bytes of memory that are resident. */
  readonly resident: number
  /** Open file descriptors. */
  readonly descriptors: number
  /** Processor time of all threads in milliseconds. */
  readonly processor: number
}

/** A running program. */
export interface Program {
  readonly pid: number
  /** The output so far, of both streams. */
  readonly output: () => string
  /** Waits until the output matches, and returns the match; at most so many milliseconds, 20,000 by default. */
  readonly says: (pattern: RegExp, milliseconds?: number) => Effect.Effect<RegExpMatchArray, ServerError>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** The exit status or the signal. */
  readonly end: Effect.Effect<number | NodeJS.Signals>
  /** Sends the signal and waits for the end; kills the program after ten seconds. */
  readonly stop: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly isRunning: () => boolean
  readonly usage: Effect.Effect<Usage>
  /** Repeats a check until it succeeds; fails when the program has ended, or after so many milliseconds. */
  readonly until: <A>(
    check: Effect.Effect<A, unknown>,
    what: string,
    milliseconds?: number
  ) => Effect.Effect<A, ServerError>
}

export interface Options {
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  /** The user that the program runs as. Default: the user of this process. */
  readonly identity?: { readonly uid: number; readonly gid: number } | undefined
  /** The signal that stops it when the scope closes. Default: SIGTERM. */
  readonly stopSignal?: NodeJS.Signals | undefined
}

/** Runs a program until the scope closes. It never outlives this process. */
export const launch = Effect.fnUntraced(function* (
  command: string,
  args: ReadonlyArray<string>,
  { cwd, env, identity, stopSignal = "SIGTERM" }: Options = {}
): Effect.fn.Return<Program, ServerError, Scope.Scope> {
  let output = ""
  let ended: number | NodeJS.Signals | undefined
  const name = command === process.execPath ? args[0] : command
  const child = spawn(command, args, { ...identity, cwd, env: env ?? process.env, stdio: ["ignore", "pipe", "pipe"] })
  const { pid } = child
  if (pid === undefined) {
    return yield* Effect.callback<never, ServerError>((resume) => {
      child.once("error", ({ message }) => resume(Effect.fail(new ServerError({ detail: `${name}: ${message}` }))))
    })
  }
  const kill = () => child.kill("SIGKILL")
  process.once("exit", kill)
  child.once("close", (code, signal) => {
    ended = code ?? signal ?? 1
    process.off("exit", kill)
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text))
  }

  const end = Effect.callback<number | NodeJS.Signals>((resume) => {
    if (ended !== undefined) return resume(Effect.succeed(ended))
    child.once("close", () => resume(Effect.sync(() => ended!)))
  })
  const signal = (signal: NodeJS.Signals) => Effect.sync(() => void child.kill(signal))
  const stop = (first: NodeJS.Signals) =>
    Effect.andThen(signal(first), end).pipe(
      Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.andThen(signal("SIGKILL"), end) }),
      Effect.asVoid
    )
  yield* Effect.addFinalizer(() => stop(stopSignal))

  const until: Program["until"] = (check, what, milliseconds = 10_000) =>
    check.pipe(
      Effect.retry({
        schedule: Schedule.spaced("20 millis"),
        times: Math.ceil(milliseconds / 20),
        while: () => ended === undefined
      }),
      Effect.mapError(() => {
        const why = ended === undefined ? `did not ${what}` : `ended with ${ended}`
        return new ServerError({ detail: `${name} ${why}: ${output.slice(-2000).trim()}` })
      })
    )
  return {
    pid,
    output: () => output,
    says: (pattern, milliseconds = 20_000) =>
      until(
        Effect.suspend(() => Effect.fromNullishOr(pattern.exec(output))),
        `write ${pattern}`,
        milliseconds
      ),
    signal,
    end,
    stop,
    isRunning: () => ended === undefined,
    usage: Effect.promise(async () => {
      const [status, descriptors, threads] = await Promise.all([
        Fs.readFile(`/proc/${pid}/status`, "utf8"),
        Fs.readdir(`/proc/${pid}/fd`),
        Fs.readdir(`/proc/${pid}/task`)
      ])
      // The first number is in nanoseconds; /proc/<pid>/stat counts in ticks of ten milliseconds.
      const times = await Promise.all(threads.map((id) => Fs.readFile(`/proc/${pid}/task/${id}/schedstat`, "utf8")))
      return {
        resident: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024,
        descriptors: descriptors.length,
        processor: times.reduce((sum, time) => sum + Number.parseInt(time) / 1e6, 0)
      }
    }),
    until
  }
})

/**
 * Runs a program of this Node with these arguments, the path of the script first. It is killed when the scope closes; then
 * what it wrote is searched for secrets.
 */
export const start = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
) {
  // Finalizers run in reverse: this one after the program has ended.
  const started: Array<Program> = []
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => started.forEach(({ output }) => Secrets.report(String(args.at(-1)), output())))
  )
  const program = yield* launch(process.execPath, args, { env, stopSignal: "SIGKILL" })
  started.push(program)
  return program
})

const connects = (port: number): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const socket = Net.connect(port, "127.0.0.1", () => {
      socket.destroy()
      resume(Effect.void)
    })
    socket.once("error", (error) => resume(Effect.fail(error)))
  })

/** Runs a program until the scope closes, and waits for it to listen on a port of loopback, at most ten seconds. */
export const serve = Effect.fnUntraced(function* (command: string, args: ReadonlyArray<string>, port: number) {
  const program = yield* launch(command, args)
  const listens = Effect.suspend(() => (program.isRunning() ? connects(port) : Effect.fail(new Error("it ended"))))
  yield* program.until(listens, `listen on port ${port}`)
  return program
})
