/**
 * Servers as processes of their own, and a load on them.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Effect, Schema, type Scope } from "effect"

/**
 * A server or the generator of load did not do what it should.
 */
export class ServeError extends Schema.TaggedError<ServeError>()("ServeError", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

/**
 * A running server. `usage` is the processor time so far in milliseconds, and the resident memory in MiB.
 */
export interface ServerProcess {
  readonly url: string
  readonly token: string | undefined
  readonly usage: Effect.Effect<{ readonly cpu: number; readonly resident: number }>
}

const program = decodeURIComponent(new URL("process.ts", import.meta.url).pathname)

/**
 * Starts a server of the kind, and stops it when the scope closes.
 */
export const start = Effect.fnUntraced(function* (
  kind: "ours" | "replica" | "bare",
  file: string
): Effect.fn.Return<ServerProcess, ServeError, Scope.Scope> {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program, kind, file], { stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const lines = createInterface({ input: child.stdout })
  const line = Effect.callback<string, ServeError>((resume) => {
    const ended = (code: number | null) =>
      resume(Effect.fail(new ServeError({ detail: `the server ended with ${code}` })))
    child.once("exit", ended)
    lines.once("line", (text) => {
      child.off("exit", ended)
      resume(Effect.succeed(text))
    })
  })
  const ready = JSON.parse(yield* line) as { readonly port: number; readonly token?: string }
  return {
    url: `http://127.0.0.1:${ready.port}`,
    token: ready.token,
    usage: Effect.suspend(() => {
      child.stdin.write("\n")
      return Effect.map(Effect.orDie(line), (text) => JSON.parse(text) as { cpu: number; resident: number })
    })
  }
})

/**
 * What a load showed: requests per second, and the time below which 99 of 100 answers came, in milliseconds.
 */
export interface Load {
  readonly rate: number
  readonly p99: number
  readonly requests: number
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

/**
 * Asks for one URL as often as answers come, on some connections, for so many seconds. Any answer but 2xx and 3xx is an
 * error.
 */
export const load = (
  url: string,
  headers: Readonly<Record<string, string>>,
  options: { readonly connections: number; readonly seconds: number }
): Effect.Effect<Load, ServeError | Servers.ServerError> => {
  const args = [
    "--threads=1",
    `--connections=${options.connections}`,
    `--duration=${options.seconds}s`,
    "--latency",
    ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    url
  ]
  return Effect.flatMap(Servers.run("wrk", args, { timeout: options.seconds * 1000 + 20_000 }), (text) => {
    const [rate, p99, requests, refused] = [
      /Requests\/sec:\s+([\d.]+)/,
      /99%\s+([\d.]+)(us|ms|s|m)/,
      /(\d+) requests in/,
      /Non-2xx or 3xx|Socket errors/
    ].map((pattern) => pattern.exec(text))
    return rate && p99 && requests && !refused
      ? Effect.succeed({
          rate: Number(rate[1]),
          p99: Number(p99[1]) * units[p99[2]!]!,
          requests: Number(requests[1])
        })
      : Effect.fail(new ServeError({ detail: `wrk (Debian's package) ${url}: ${text.trim()}` }))
  })
}
