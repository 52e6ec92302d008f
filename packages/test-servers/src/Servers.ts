/** Installed programs as scoped resources: run to the end, or until the scope closes. */
import { execFile, type ExecFileOptions } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { Effect, Schema, type Scope } from "effect"

/**
 * A server of a test could not be started. `message` says what is missing.
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", { detail: Schema.String }) {
  override get message(): string {
    return `${this.detail}. Tests with real servers need it; set WITHOUT_SERVERS=1 to leave them out.`
  }
}

/** Whether tests with real servers are skipped because of `WITHOUT_SERVERS=1`. Prints that once for each test file. */
export const leftOut = (what: string): boolean => {
  const without = process.env["WITHOUT_SERVERS"] === "1"
  if (without) console.warn(`WITHOUT_SERVERS=1: the tests against ${what} are left out`)
  return without
}

/** A new directory, which is removed with its contents when the scope closes. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "gitlab-registry-usage-"))),
  (directory) => Effect.promise(() => Fs.rm(directory, { recursive: true, force: true }))
)

/** Runs a program to its end and returns its output. Fails if it is missing, fails or takes over 30 seconds. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  options: ExecFileOptions = {}
): Effect.Effect<string, ServerError> =>
  Effect.callback((resume) => {
    execFile(program, args, { timeout: 30_000, ...options, encoding: "utf8" }, (error, stdout, stderr) => {
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new ServerError({ detail: `${program}: ${stderr.trim() || error.message}` }))
      )
    })
  })

/** Lets a server listen on a free port of loopback until the scope closes, and returns the port. */
export const listen = (server: Net.Server, closeConnections = () => {}): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        closeConnections()
      })
  )

/** A port of loopback that nothing listened on a moment ago. */
export const freePort: Effect.Effect<number> = Effect.scoped(Effect.suspend(() => listen(Net.createServer())))
