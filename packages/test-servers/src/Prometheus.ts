/**
 * Debian's Prometheus, which scrapes what its configuration names, and its tool for checking files.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Effect, Predicate, Schedule, type Scope } from "effect"
import { serve } from "./Program.ts"
import { freePort, run, ServerError, temporaryDirectory } from "./Servers.ts"

/**
 * A running server.
 */
export interface Prometheus {
  readonly url: URL
  /** The `data` of an answer of its API, whose paths begin behind `/api/v1/`. */
  readonly ask: (path: string, parameters?: Readonly<Record<string, string>>) => Effect.Effect<unknown, ServerError>
}

const answer = (url: URL): Effect.Effect<{ readonly status: number; readonly text: string }, ServerError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      return { status: response.status, text: await response.text() }
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
  yield* serve(
    "/usr/bin/prometheus",
    [
      `--config.file=${path}`,
      `--storage.tsdb.path=${Path.join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn"
    ],
    port
  )
  const url = new URL(`http://127.0.0.1:${port}`)
  const ready = new URL("/-/ready", url)
  yield* Effect.flatMap(answer(ready), ({ status, text }) =>
    status === 200 ? Effect.void : Effect.fail(new ServerError({ detail: `${ready}: ${status} ${text.trim()}` }))
  ).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }))

  const ask = Effect.fnUntraced(function* (path: string, parameters: Readonly<Record<string, string>> = {}) {
    const asked = new URL(`/api/v1/${path}?${new URLSearchParams(parameters)}`, url)
    const { status, text } = yield* answer(asked)
    const body: unknown = status === 200 ? JSON.parse(text) : undefined
    return Predicate.hasProperty(body, "data")
      ? body.data
      : yield* new ServerError({ detail: `${asked}: ${status} ${text.trim()}` })
  })
  return { url, ask }
})

/**
 * What `promtool` says with these arguments. Fails where it finds something wrong.
 */
export const tool = (...args: ReadonlyArray<string>): Effect.Effect<string, ServerError> =>
  run("/usr/bin/promtool", args)
