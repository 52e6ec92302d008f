/** Servers as child processes, and load on them. */
import { Program, Servers } from "@gitlab-registry-usage/test-servers"
import { Effect } from "effect"

/**
 * A running server.
 */
export type ServerProcess = Effect.Success<ReturnType<typeof start>>

const program = decodeURIComponent(new URL("process.ts", import.meta.url).pathname)

/**
 * Starts a server and waits until it listens, at most two minutes. It stops when the scope closes. `source` is the path
 * of a snapshot for `ours`, the URL of a database for `replica`, the path of the responses for `bare`.
 */
export const start = Effect.fnUntraced(function* (kind: "ours" | "replica" | "bare", source: string) {
  // Arguments are public on a machine, and the URL has a password.
  const server = yield* Program.start([program, kind], { SOURCE: source })
  const [, line] = yield* server.says(/^(\{.*\})\n/m, 120_000)
  const { port, token } = JSON.parse(line!) as { readonly port: number; readonly token?: string }
  return { url: `http://127.0.0.1:${port}`, token, usage: server.usage }
})

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

/**
 * Requests one URL continuously, on some connections, for some seconds. Returns the requests, the requests per second
 * and the 99th percentile of the response times in milliseconds. A response other than 2xx and 3xx is a defect.
 */
export const load = Effect.fnUntraced(function* (
  url: string,
  headers: Readonly<Record<string, string>>,
  { connections, seconds }: { readonly connections: number; readonly seconds: number }
) {
  const args = [
    ...["--threads=1", `--connections=${connections}`, `--duration=${seconds}s`, "--latency"],
    ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    url
  ]
  const text = yield* Servers.run("wrk", args, { timeout: seconds * 1000 + 20_000 })
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text)
  const p99 = /99%\s+([\d.]+)(us|ms|s|m)/.exec(text)
  const requests = /(\d+) requests in/.exec(text)
  if (!rate || !p99 || !requests || /Non-2xx or 3xx|Socket errors/.test(text)) {
    return yield* Effect.die(new Error(`wrk (Debian's package) ${url}: ${text.trim()}`))
  }
  return { rate: Number(rate[1]), p99: Number(p99[1]) * units[p99[2]!]!, requests: Number(requests[1]) }
})
