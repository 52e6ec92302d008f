/**
 * Programs of the machine as scoped resources: run to the end, or run until the scope closes.
 *
 * @since 0.1.0
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { Effect, Predicate, Schedule, Schema } from "effect"

/**
 * A server of a test could not be started. `message` says what is missing.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", { detail: Schema.String }) {
  override get message(): string {
    return `${this.detail}. Tests with real servers need it; set WITHOUT_SERVERS=1 to leave them out.`
  }
}

/**
 * Whether tests with real servers are left out because `WITHOUT_SERVERS=1` is set, which is printed once for each file
 * that asks.
 *
 * @category configuration
 * @since 0.1.0
 */
export const leftOut = (what: string): boolean => {
  const without = process.env["WITHOUT_SERVERS"] === "1"
  if (without) console.warn(`WITHOUT_SERVERS=1: the tests against ${what} are left out`)
  return without
}

/**
 * A new directory, which is removed with all that is in it when the scope closes.
 *
 * @category resources
 * @since 0.1.0
 */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "gitlab-registry-usage-"))),
  (directory) => Effect.promise(() => Fs.rm(directory, { recursive: true, force: true }))
)

/**
 * Runs a program to its end and returns what it wrote. Fails when it is missing, fails or takes over 30 seconds.
 *
 * @category programs
 * @since 0.1.0
 */
export const run = (program: string, args: ReadonlyArray<string>): Effect.Effect<string, ServerError> =>
  Effect.callback((resume) => {
    execFile(program, args, { timeout: 30_000 }, (error, stdout, stderr) => {
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new ServerError({ detail: `${program}: ${stderr.trim() || error.message}` }))
      )
    })
  })

/**
 * A port of the loopback interface that nobody listened on a moment ago.
 *
 * @category resources
 * @since 0.1.0
 */
export const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = Net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as Net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** A child without a process id never ran. */
const exited = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

const stop = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (exited(child)) return resume(Effect.void)
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000)
    child.once("exit", () => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    child.kill("SIGTERM")
  })

const connects = (port: number): Effect.Effect<void, string> =>
  Effect.callback((resume) => {
    const socket = Net.connect(port, "127.0.0.1", () => {
      socket.destroy()
      resume(Effect.void)
    })
    socket.once("error", (error) => resume(Effect.fail(error.message)))
  })

/**
 * Runs a program until the scope closes, and waits for it to listen on a port of the loopback interface, at most ten
 * seconds. It never outlives this process.
 *
 * @category programs
 * @since 0.1.0
 */
export const serve = Effect.fnUntraced(function* (program: string, args: ReadonlyArray<string>, port: number) {
  let said = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] })
      const kill = () => child.kill("SIGKILL")
      process.once("exit", kill)
      child.once("exit", () => process.off("exit", kill))
      child.on("error", (error) => (said += error.message))
      for (const output of [child.stdout, child.stderr]) {
        output.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4000)))
      }
      return child
    }),
    stop
  )
  const fail = (why: string) => new ServerError({ detail: `${program} ${why}: ${said.trim()}` })
  yield* Effect.suspend((): Effect.Effect<void, ServerError | string> =>
    exited(child) ? Effect.fail(fail("did not start")) : connects(port)
  ).pipe(
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200, while: Predicate.isString }),
    Effect.mapError((error) => (Predicate.isString(error) ? fail("does not listen") : error))
  )
})
