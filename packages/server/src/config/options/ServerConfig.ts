/**
 * The configuration of the server, from an INI file and environment variables (docs/configuration.md).
 *
 * @since 0.1.0
 */
import { NodeServices } from "@effect/platform-node"
import type { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import type { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { type Collector, Loopback, type Retention } from "@gitlab-registry-usage/core"
import { Effect, type FileSystem, type LogLevel, Result } from "effect"
import { createSecureContext } from "node:tls"
import type * as HttpApp from "../../http/HttpApp.ts"
import type { Settings } from "../keys/ConfigKeys.ts"
import { findings, type Findings, settings } from "../source/ConfigDecoding.ts"
import type { ConfigSource } from "../source/ConfigFile.ts"
import { ConfigurationError } from "../source/ConfigProblem.ts"
import { type Places, read } from "../source/ConfigSource.ts"
import * as RenewedFiles from "../source/RenewedFiles.ts"
import { readText } from "../source/TextFile.ts"
import { directoryConfig } from "./DirectoryConfig.ts"
import { readCertificates, readNamed, renewedSecret } from "./NamedFile.ts"
import { scopeConfig } from "./ScopeConfig.ts"
import { type StoreConfig, storeConfig } from "./StoreConfig.ts"
import { tokensConfig } from "./TokensConfig.ts"

export { ConfigProblem, ConfigurationError } from "../source/ConfigProblem.ts"
export type { StoreConfig } from "./StoreConfig.ts"

/**
 * The sections that a program can leave out, because it provides a port of its own instead: `Directory` for `ldap`, `Tokens`
 * for `jwt`, `Registry` for `registry`.
 *
 * @category models
 * @since 0.1.0
 */
export type Replaceable = "ldap" | "jwt" | "registry"

/**
 * The checked configuration of a server, read without some sections. Secrets are redacted.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerConfig<Without extends Replaceable = never> {
  readonly http: HttpApp.Options
  /** The address on which `/metrics` needs no token, if it is set. */
  readonly metricsServer: { readonly host: string; readonly port: number } | undefined
  /** Where logs, metrics and traces are sent, if it is set. */
  readonly otlpUrl: URL | undefined
  readonly log: { readonly format: "text" | "json"; readonly level: LogLevel.LogLevel }
  readonly store: StoreConfig
  readonly retention: Retention.Policy
  readonly collector: Collector.Options
  readonly directory: "ldap" extends Without ? undefined : LdapDirectory.Options
  readonly tokens: "jwt" extends Without ? undefined : JwtTokens.Options
  readonly registry: "registry" extends Without ? undefined : RegistryHttp.Options
  /** PEM of the authorities to trust for the registry and GitLab instead of Node's. */
  readonly registryAuthorities: ReadonlyArray<string> | undefined
  /** What is risky, or has no effect. */
  readonly warnings: ReadonlyArray<string>
}

/**
 * How a configuration is read.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<Without extends Replaceable = never> {
  /** The environment variables, which override the file. Default: those of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** The sections whose keys need not be set. Their other keys keep their meaning, such as `login_failures` of `ldap`. */
  readonly without?: ReadonlyArray<Without> | undefined
}

const levels = { trace: "Trace", debug: "Debug", info: "Info", warning: "Warn", error: "Error" } as const

const isPair = ({ certificate, key }: { readonly certificate: string; readonly key: string }) =>
  Result.isSuccess(Result.try(() => createSecureContext({ cert: certificate, key })))

const readTls = Effect.fnUntraced(function* (general: Settings["general"], f: Findings) {
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
  const first = { certificate: certificates.join("\n"), key }
  if (!isPair(first)) f.problem("general", "tls_key_file", "does not hold the key of tls_certificate_file")
  return yield* RenewedFiles.make({
    subject: "[general] tls_certificate_file",
    paths: [certificateFile!, keyFile!],
    first,
    read: readText,
    decode: ([text = "", key = ""]) => {
      const renewed = { certificate: LdapDirectory.certificates(text)?.join("\n") ?? "", key }
      return renewed.certificate !== "" && isPair(renewed)
        ? Result.succeed(renewed)
        : Result.fail("does not hold the certificates of the key in tls_key_file")
    }
  })
})

const checkRegistry = ({ gitlab_base_url: gitlab, registry_base_url: registry }: Settings["registry"], f: Findings) => {
  if (gitlab.protocol !== "https:" && !Loopback.isLoopback(gitlab)) {
    f.problem("registry", "gitlab_base_url", "must be https, as the access token is sent there")
  }
  if (registry.protocol !== "https:" && !Loopback.isLoopback(registry)) {
    f.warning("[registry] registry_base_url is not https: everybody on the way can read the tokens that are sent to it")
  }
}

/** The section [registry] as options of the registry. */
const registryConfig = Effect.fnUntraced(function* (
  registry: Settings["registry"],
  found: Findings
): Effect.fn.Return<RegistryHttp.Options, never, FileSystem.FileSystem> {
  checkRegistry(registry, found)
  const scope = scopeConfig(registry, found)
  const token = yield* renewedSecret(found, "registry", "access_token", registry.access_token)
  return {
    url: registry.registry_base_url,
    gitlabUrl: registry.gitlab_base_url,
    credentials: { username: registry.username, token },
    scope,
    apiToken: yield* renewedSecret(found, "registry", "api_token", registry.api_token),
    timeout: registry.request_timeout,
    concurrency: { max: registry.crawl_concurrency }
  }
})

/**
 * Decodes the texts of the configuration. Fails with all problems at once.
 *
 * @internal
 */
export const fromSource = Effect.fnUntraced(function* <Without extends Replaceable = never>(
  source: ConfigSource,
  without: ReadonlyArray<Without> = []
): Effect.fn.Return<ServerConfig<Without>, ConfigurationError, FileSystem.FileSystem> {
  const found = findings(source)
  const isRead = (section: Replaceable) => !without.some((left) => left === section)
  const { database, general, jwt, ldap, registry } = settings(source, found, without)
  const upstream = isRead("registry") ? yield* registryConfig(registry, found) : undefined
  const tls = yield* readTls(general, found)
  const store = yield* storeConfig(database, general, found)
  const directory = isRead("ldap") ? yield* directoryConfig(ldap, found) : undefined
  const tokens = isRead("jwt") ? yield* tokensConfig(jwt, upstream?.url, found) : undefined
  const registryAuthorities = yield* readCertificates(found, "registry", "ca_file", registry.ca_file)
  const eventsToken = yield* renewedSecret(found, "registry", "events_token", registry.events_token)
  const metricsToken = yield* renewedSecret(found, "general", "metrics_token", general.metrics_token)

  const [first, ...others] = found.problems
  if (first !== undefined) return yield* new ConfigurationError({ problems: [first, ...others] })
  const config = {
    http: {
      host: general.socket_host,
      port: general.socket_port,
      prefix: general.server_prefix,
      corsOrigins: general.cors_origins,
      eventsToken,
      signInOrigins: general.sign_in_origins,
      maxConnections: general.max_connections,
      maxConnectionsPerAddress: general.max_connections_per_address,
      shutdownDelay: general.shutdown_delay,
      shutdownTimeout: general.shutdown_timeout,
      tls,
      trustedProxies: general.trusted_proxies,
      accessLog: general.access_log,
      limiter: {
        perUser: ldap.login_failures,
        perAddress: ldap.login_failures_per_address,
        window: ldap.login_window
      },
      metricsToken,
      metrics: { maxRepositories: general.metrics_repositories, tags: general.metrics_tags },
      capacity: database.capacity?.bytes,
      capacityUnit: database.capacity?.unit,
      health:
        general.health_port === undefined
          ? undefined
          : { host: general.health_host ?? general.socket_host, port: general.health_port }
    },
    metricsServer:
      general.metrics_port === undefined ? undefined : { host: general.metrics_host, port: general.metrics_port },
    otlpUrl: general.otlp_url,
    log: { format: general.log_format, level: general.debug ? "Debug" : levels[general.log_level] },
    store,
    retention: { hourly: database.keep_hourly, daily: database.keep_daily },
    directory,
    tokens,
    registry: upstream,
    registryAuthorities,
    collector: {
      accounting: registry.accounting,
      interval: registry.refresh_interval,
      jitter: registry.refresh_jitter,
      verifyInterval: registry.verify_interval,
      measure: registry.measure_sizes,
      concurrency: registry.crawl_concurrency,
      deadline: registry.crawl_deadline
    },
    warnings: found.warnings
  }
  // TypeScript cannot infer which sections are there.
  return config as unknown as ServerConfig<Without>
})

/**
 * Reads the configuration from these places. Fails with all problems at once.
 *
 * @internal
 */
export const load = <Without extends Replaceable = never>(
  places: Places,
  without?: ReadonlyArray<Without>
): Effect.Effect<ServerConfig<Without>, ConfigurationError, FileSystem.FileSystem> =>
  Effect.flatMap(read(places), (source) => fromSource(source, without))

const fromPlaces = <Without extends Replaceable>(
  file: Places["file"],
  { environment = process.env, without }: Options<Without>
): Effect.Effect<ServerConfig<Without>, ConfigurationError> =>
  Effect.provide(load({ file, environment }, without), NodeServices.layer)

/**
 * Reads a file and the environment variables, as the program does with `-c`. Fails with all problems at once, none of which
 * contains a secret.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFile = <const Without extends Replaceable = never>(
  path: string,
  options: Options<Without> = {}
): Effect.Effect<ServerConfig<Without>, ConfigurationError> => fromPlaces({ path, required: true }, options)

/**
 * Reads the environment variables alone, such as `GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT`. Fails with all problems at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEnvironment = <const Without extends Replaceable = never>(
  options: Options<Without> = {}
): Effect.Effect<ServerConfig<Without>, ConfigurationError> => fromPlaces(undefined, options)
