/**
 * The configuration of the server.
 *
 * @since 0.1.0
 */
import { createSecureContext } from "node:tls"
import type { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import type { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import type { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { type Bytes, type Collector, Loopback, type Retention } from "@gitlab-registry-usage/core"
import { type Duration, Effect, type FileSystem, type LogLevel, type Redacted, Result } from "effect"
import { findings, type Findings, settings } from "../source/ConfigDecoding.ts"
import type { Settings } from "../keys/ConfigKeys.ts"
import { ConfigurationError } from "../source/ConfigProblem.ts"
import * as ConfigSource from "../source/ConfigSource.ts"
import { directoryConfig } from "./DirectoryConfig.ts"
import { readCertificates, readNamed } from "./NamedFile.ts"
import { scopeConfig } from "./ScopeConfig.ts"
import { type StoreConfig, storeConfig } from "./StoreConfig.ts"
import { tokensConfig } from "./TokensConfig.ts"

/**
 * Everything that an operator says about a server, checked. Secrets are redacted.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerConfig {
  readonly http: {
    readonly host: string
    /** 0 to 65535; 0 takes a free one. */
    readonly port: number
    /** Empty, or a path with a leading and without a trailing slash. */
    readonly prefix: string
    /** `["*"]` stands for all. */
    readonly corsOrigins: ReadonlyArray<string>
    /** The secret of `/events`; without it there is none. */
    readonly eventsToken: Redacted.Redacted | undefined
    readonly maxConnections: number
    readonly shutdownTimeout: Duration.Duration
    readonly tls: { readonly certificate: string; readonly key: string } | undefined
    readonly trustedProxies: ReadonlyArray<string>
    readonly accessLog: boolean
    readonly limiter: { readonly perUser: number; readonly perAddress: number; readonly window: Duration.Duration }
    readonly metricsToken: Redacted.Redacted | undefined
    readonly metrics: { readonly maxRepositories: number; readonly tags: boolean }
    /** The size of the registry's disk, for when it is full. */
    readonly capacity: Bytes.Bytes | undefined
  }
  /** Where metrics are served without a token, if anywhere. */
  readonly metricsServer: { readonly host: string; readonly port: number } | undefined
  /** Where logs, metrics and traces are sent, if anywhere. */
  readonly otlpUrl: URL | undefined
  readonly log: { readonly format: "text" | "json"; readonly level: LogLevel.LogLevel }
  /** Where snapshots are kept. */
  readonly store: StoreConfig
  /** For how long snapshots are kept, where there is a database. */
  readonly retention: Retention.Policy
  readonly directory: LdapDirectory.Options
  readonly tokens: JwtTokens.Options
  readonly registry: RegistryHttp.Options
  /** PEM of the authorities to trust for the registry and GitLab, instead of Node's; undefined for those. */
  readonly registryAuthorities: ReadonlyArray<string> | undefined
  readonly collector: Collector.Options
  /** What the operator should know at each start. */
  readonly warnings: ReadonlyArray<string>
}

const levels = { trace: "Trace", debug: "Debug", info: "Info", warning: "Warn", error: "Error" } as const

const tlsOf = Effect.fnUntraced(function* (general: Settings["general"], f: Findings) {
  const { tls_certificate_file: certificateFile, tls_key_file: keyFile } = general
  const certificates = yield* readCertificates(f, "general", "tls_certificate_file", certificateFile)
  const key = yield* readNamed(f, "general", "tls_key_file", keyFile)
  if (certificateFile !== undefined && keyFile === undefined) {
    f.problem("general", "tls_key_file", "is not set, but tls_certificate_file is; set both or none")
  }
  if (certificateFile === undefined && keyFile !== undefined) {
    f.problem("general", "tls_certificate_file", "is not set, but tls_key_file is; set both or none")
  }
  if (certificates === undefined || key === undefined) return undefined
  const certificate = certificates.join("\n")
  const usable = Result.try(() => createSecureContext({ cert: certificate, key }))
  if (Result.isFailure(usable)) f.problem("general", "tls_key_file", "does not hold the key of tls_certificate_file")
  return { certificate, key }
})

const checkRegistry = ({ gitlab_base_url: gitlab, registry_base_url: registry }: Settings["registry"], f: Findings) => {
  if (gitlab.protocol !== "https:" && !Loopback.isLoopback(gitlab)) {
    f.problem("registry", "gitlab_base_url", "must be https, as the access token is sent there")
  }
  if (registry.protocol !== "https:" && !Loopback.isLoopback(registry)) {
    f.warning("[registry] registry_base_url is not https: everybody on the way can read the tokens that are sent to it")
  }
}

/**
 * The configuration from these places, or every problem with it at once.
 *
 * @category reading
 * @since 0.1.0
 */
export const load = (
  places: ConfigSource.Places
): Effect.Effect<ServerConfig, ConfigurationError, FileSystem.FileSystem> =>
  Effect.flatMap(ConfigSource.read(places), fromSource)

/**
 * The configuration from values that were looked up already, or every problem with it at once.
 *
 * @category reading
 * @since 0.1.0
 */
export const fromSource = Effect.fnUntraced(function* (
  source: ConfigSource.ConfigSource
): Effect.fn.Return<ServerConfig, ConfigurationError, FileSystem.FileSystem> {
  const found = findings(source)
  const { database, general, jwt, ldap, registry } = yield* settings(source, found)
  checkRegistry(registry, found)
  const scope = scopeConfig(registry, found)
  const tls = yield* tlsOf(general, found)
  const store = storeConfig(database, general, found)
  const directory = yield* directoryConfig(ldap, found)
  const tokens = yield* tokensConfig(jwt, registry.registry_base_url, found)
  const registryAuthorities = yield* readCertificates(found, "registry", "ca_file", registry.ca_file)

  const [first, ...others] = found.problems
  if (first !== undefined) return yield* new ConfigurationError({ problems: [first, ...others] })
  return {
    http: {
      host: general.socket_host,
      port: general.socket_port,
      prefix: general.server_prefix,
      corsOrigins: general.cors_origins,
      eventsToken: registry.events_token,
      maxConnections: general.max_connections,
      shutdownTimeout: general.shutdown_timeout,
      tls,
      trustedProxies: general.trusted_proxies,
      accessLog: general.access_log,
      limiter: {
        perUser: ldap.login_failures,
        perAddress: ldap.login_failures_per_address,
        window: ldap.login_window
      },
      metricsToken: general.metrics_token,
      metrics: { maxRepositories: general.metrics_repositories, tags: general.metrics_tags },
      capacity: database.capacity
    },
    metricsServer:
      general.metrics_port === undefined ? undefined : { host: general.metrics_host, port: general.metrics_port },
    otlpUrl: general.otlp_url,
    log: { format: general.log_format, level: general.debug ? "Debug" : levels[general.log_level] },
    store,
    retention: { hourly: database.keep_hourly, daily: database.keep_daily },
    directory,
    tokens,
    registry: {
      url: registry.registry_base_url,
      gitlabUrl: registry.gitlab_base_url,
      credentials: { username: registry.username, token: registry.access_token },
      scope,
      apiToken: registry.api_token,
      timeout: registry.request_timeout,
      concurrency: { max: registry.crawl_concurrency }
    },
    registryAuthorities,
    collector: {
      accounting: registry.accounting,
      interval: registry.refresh_interval,
      jitter: registry.refresh_jitter,
      concurrency: registry.crawl_concurrency,
      deadline: registry.crawl_deadline
    },
    warnings: found.warnings
  }
})
