// What a library exports that is built from the published packages: its declarations name all types by themselves.
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import * as Core from "@gitlab-registry-usage/core"
import {
  Adapters,
  App,
  Dashboard,
  FileSnapshotStore,
  Logging,
  Server,
  ServerConfig,
  TokenCache
} from "@gitlab-registry-usage/server"
import { Effect, Layer, ManagedRuntime } from "effect"

export const { crawl } = Core.Crawl
export const { measure, total, findTag, repositorySizes } = Core.Usage
export const { make: collector, layer: collectorLayer } = Core.Collector
export const { compare } = Core.Diff
export const policy = Core.CleanupPolicy
export const crawled = Core.Crawl.crawl({ concurrency: 8 })
export const measured = Effect.map(crawled, (inventory) => Core.Usage.measure(inventory))

export const registry = (options: RegistryHttp.Options) => RegistryHttp.make(options)
export const parts = ({ concurrency, credentials, limits, scope }: RegistryHttp.Options) => ({
  concurrency,
  credentials,
  limits,
  scope
})
export const { layer: registryLayer } = RegistryHttp
export const { make: tokens, layer: tokensLayer } = JwtTokens
export const { sharedSecret, privateKey, publicKey } = KeySet
export const { make: directory, layer: directoryLayer } = LdapDirectory
export const sqlite = Sqlite.layer({ path: ":memory:" })
export const { layer: postgres } = Postgres

export const app = App.make({ prefix: "/usage" })
export const appLayer = App.layer({ prefix: "/usage" })
export const listener = Effect.flatMap(App.Listener, (listener) => Effect.succeed(listener))
export const server = Server.layer({ http: { host: "127.0.0.1", port: 0 } })
export const { layer: serverLayer } = Server
export const { fromEnvironment, fromFile } = ServerConfig
export const config = ServerConfig.fromFile("usage.conf")
export const partial = ServerConfig.fromFile("usage.conf", { without: ["ldap", "jwt"] })
export const adapters = Effect.map(partial, (config) => Adapters.layer(config))
export const { layer: adapterLayer, layerAlone } = Adapters
export const { layer: page, layerDirectory } = Dashboard
export const { layer: logging } = Logging
export const { make: file, layer: fileLayer } = FileSnapshotStore
export const { make: tokenCache, layer: tokenCacheLayer } = TokenCache
export const whole = Effect.map(config, (config) =>
  Server.layer(config).pipe(
    Layer.provide(Dashboard.layer),
    Layer.provide(Adapters.layer(config)),
    Layer.provide(Logging.layer(config))
  )
)
export const runtime = ManagedRuntime.make(Layer.unwrap(whole))
export const sections = ({ directory, http, log, registry, retention, store, tokens }: ServerConfig.ServerConfig) => ({
  directory,
  http,
  log,
  registry,
  retention,
  store,
  tokens
})
