/**
 * The server: the HTTP API, and the collector that reads the registry for it, over the ports of
 * `@gitlab-registry-usage/core`. The program `gitlab-registry-usage-rest` is this layer on `Adapters.layer`.
 *
 * @since 0.1.0
 */
import {
  type Authentication,
  Collector,
  type Leadership,
  type LoginAttempts,
  type Registry,
  Retention,
  type Revocation,
  type SnapshotStore
} from "@gitlab-registry-usage/core"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { NetAddress } from "effect/net"
import * as HttpApp from "./http/HttpApp.ts"
import type { ListenError } from "./ListenError.ts"
import * as VerifySignal from "./VerifySignal.ts"

export type { Address, Options as HttpOptions, Tls } from "./http/HttpApp.ts"
export { ListenError } from "./ListenError.ts"

/**
 * The options of a server. A `ServerConfig` has them all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The address, and what the API shows. */
  readonly http: HttpApp.Options
  /** An address of its own for `/metrics`, where no token is needed. Default none. */
  readonly metricsServer?: { readonly host: string; readonly port: number } | undefined
  /** How the registry is read. */
  readonly collector?: Collector.Options | undefined
  /** How long earlier snapshots are kept, where the store keeps them. */
  readonly retention?: Retention.Policy | undefined
  /** Warnings to log at the start. Default none. */
  readonly warnings?: ReadonlyArray<string> | undefined
}

/**
 * What a server needs from elsewhere. `Sqlite.layer` and `Postgres.layer` of `@gitlab-registry-usage/adapter-sql` provide the
 * last four; `Adapters.layerAlone` provides the last three to a server without replicas.
 *
 * @category models
 * @since 0.1.0
 */
export type Ports =
  | Authentication.Directory
  | Authentication.Tokens
  | Registry.Registry
  | SnapshotStore.SnapshotStore
  | Leadership.Leadership
  | LoginAttempts.LoginAttempts
  | Revocation.Revocation

const begin = Effect.fnUntraced(function* ({ http, warnings = [] }: Options) {
  yield* Effect.forEach(warnings, (warning) => Effect.logWarning(warning))
  const { address } = yield* HttpServer.HttpServer
  const scheme = http.tls === undefined ? "http" : "https"
  yield* Effect.logInfo(`listening on ${NetAddress.formatUrlUnsafe(address, scheme)}`)
})

const metricsServer = ({ http, metricsServer }: Options) =>
  metricsServer === undefined ? Layer.empty : HttpApp.layerMetrics({ ...metricsServer, metrics: http.metrics })

/**
 * Serves until the scope closes, then completes the running requests. effect's `HttpServer` has the address in use. The page
 * is served where `Dashboard.layer` is provided. `SIGUSR2` has the collector read every manifest of the registry again. Fails
 * with `ListenError` if the server cannot listen on an address.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Collector.Collector | HttpServer.HttpServer, ListenError, Ports> =>
  Layer.effectDiscard(begin(options)).pipe(
    Layer.provideMerge(HttpApp.layer(options.http)),
    Layer.provide(metricsServer(options)),
    Layer.provide(VerifySignal.layer),
    Layer.provideMerge(Collector.layer(options.collector)),
    Layer.provide(Retention.layer(options.retention))
  )
