/** Asks a running server whether it responds. It runs as a separate process, such as that of `HEALTHCHECK` in an image. */
import { NodeHttpClient } from "@effect/platform-node"
import { Console, Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { HttpClient } from "effect/http"
import type { ServerConfig } from "./config/options/ServerConfig.ts"

/** The server does not respond, or not with 200. */
export class NotHealthy extends Schema.TaggedError<NotHealthy>()("NotHealthy", {
  url: Schema.String,
  detail: Schema.String
}) {
  override readonly [Runtime.errorReported] = false
  override get message(): string {
    return `${this.url} ${this.detail}`
  }
}

/** A program connects to this machine where a server listens on all addresses. */
const reachable = (host: string): string => {
  const own = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host
  return own.includes(":") ? `[${own}]` : own
}

/** Where the server of a configuration responds to health checks. */
export const urlOf = ({ http: { health, host, port, tls } }: ServerConfig): string =>
  health === undefined
    ? `${tls === undefined ? "http" : "https"}://${reachable(host)}:${port}/health/live`
    : `http://${reachable(health.host)}:${health.port}/health/live`

/** Asks the server with this configuration. Its certificate is for its clients' name, and so is not verified. */
export const check = Effect.fnUntraced(
  function* (config: ServerConfig) {
    const url = urlOf(config)
    const { status } = yield* HttpClient.get(url).pipe(
      Effect.timeout("4 seconds"),
      Effect.mapError(({ message }) => new NotHealthy({ url, detail: `does not respond: ${message}` }))
    )
    if (status !== 200) return yield* new NotHealthy({ url, detail: `responds with ${status}` })
    yield* Console.log(`${url} responds`)
  },
  Effect.provide(NodeHttpClient.layerNodeHttpOptions({ rejectUnauthorized: false }))
)

/**
 * The configuration file that the main process of this container was started with: a process that joins it is not given
 * the arguments of `docker run`. None if the main process is another program.
 */
export const fileOfMainProcess = (script: string | undefined) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const args = (yield* fs.readFileString("/proc/1/cmdline")).split("\0")
    const at = script === undefined ? -1 : args.indexOf(script)
    const own = at < 0 ? [] : args.slice(at + 1)
    for (const [i, arg] of own.entries()) {
      const flag = /^(?:-c|--config(?:-file)?)(?:=(.*))?$/s.exec(arg)
      if (flag !== null) return Option.fromNullishOr(flag[1] ?? own[i + 1])
    }
    return Option.none<string>()
  }).pipe(Effect.orElseSucceed(() => Option.none<string>()))
