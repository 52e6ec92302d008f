/**
 * Debian's Prometheus, and `promtool`, which checks its files.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Effect, Predicate, type Scope } from "effect"
import { launch } from "./Program.ts"
import { freePort, run, ServerError, temporaryDirectory } from "./Servers.ts"

/**
 * A running server.
 */
export interface Prometheus {
  readonly url: URL
  /** The `data` of a response of its API. Paths are relative to `/api/v1/`. */
  readonly ask: (path: string, parameters?: Readonly<Record<string, string>>) => Effect.Effect<unknown, ServerError>
}

const read = (url: URL): Effect.Effect<string, ServerError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${response.status} ${text.trim()}`)
      return text
    },
    catch: (cause) => new ServerError({ detail: `${url}: ${String(cause)}` })
  })

/**
 * Starts a server with this configuration on a free port, and waits until it is ready, at most ten seconds. Relative
 * paths in the configuration are those of a directory of its own. It stops when the scope closes; its data goes with it.
 */
export const start = Effect.fnUntraced(function* (
  configuration: string
): Effect.fn.Return<Prometheus, ServerError, Scope.Scope> {
  const directory = yield* temporaryDirectory
  const path = Path.join(directory, "prometheus.yml")
  yield* Effect.promise(() => Fs.writeFile(path, configuration))
  const port = yield* freePort
  const url = new URL(`http://127.0.0.1:${port}`)
  const program = yield* launch("/usr/bin/prometheus", [
    `--config.file=${path}`,
    `--storage.tsdb.path=${Path.join(directory, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn"
  ])
  yield* program.until(read(new URL("/-/ready", url)), "become ready")

  const ask = Effect.fnUntraced(function* (path: string, parameters: Readonly<Record<string, string>> = {}) {
    const target = new URL(`/api/v1/${path}?${new URLSearchParams(parameters)}`, url)
    const body: unknown = JSON.parse(yield* read(target))
    return Predicate.hasProperty(body, "data") ? body.data : yield* new ServerError({ detail: `${target}: no data` })
  })
  return { url, ask }
})

/**
 * The output of `promtool` with these arguments. Fails if promtool reports an error.
 */
export const tool = (...args: ReadonlyArray<string>): Effect.Effect<string, ServerError> =>
  run("/usr/bin/promtool", args)

/**
 * What `promtool check metrics` says of a text in Prometheus's format: nothing if all is well. Fails if it reports a
 * problem.
 */
export const checkMetrics = Effect.fnUntraced(function* (
  text: string
): Effect.fn.Return<string, ServerError, Scope.Scope> {
  const path = Path.join(yield* temporaryDirectory, "metrics.txt")
  yield* Effect.promise(() => Fs.writeFile(path, text))
  return yield* run("/bin/sh", ["-c", '/usr/bin/promtool check metrics <"$1"', "sh", path])
})
