/** The configuration of the server. */
import type { JwtTokens } from "@gitlab-registry-usage/adapter-jwt"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { createSecureContext } from "node:tls"
import { Loopback } from "@gitlab-registry-usage/core"
import { Effect, type FileSystem, Result } from "effect"
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
import { storeConfig } from "./StoreConfig.ts"
import { tokensConfig } from "./TokensConfig.ts"

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

/** Decodes the texts of the configuration. Fails with all problems at once. */
export const fromSource = Effect.fnUntraced(function* (source: ConfigSource) {
  const found = findings(source)
  const { database, general, jwt, ldap, registry } = settings(source, found)
  checkRegistry(registry, found)
  const scope = scopeConfig(registry, found)
  const tls = yield* readTls(general, found)
  const store = yield* storeConfig(database, general, found)
  const directory: LdapDirectory.Options = yield* directoryConfig(ldap, found)
  const tokens: JwtTokens.Options = yield* tokensConfig(jwt, registry.registry_base_url, found)
  const registryAuthorities = yield* readCertificates(found, "registry", "ca_file", registry.ca_file)

  const renewed = {
    token: yield* renewedSecret(found, "registry", "access_token", registry.access_token),
    apiToken: yield* renewedSecret(found, "registry", "api_token", registry.api_token),
    eventsToken: yield* renewedSecret(found, "registry", "events_token", registry.events_token),
    metricsToken: yield* renewedSecret(found, "general", "metrics_token", general.metrics_token)
  }

  const [first, ...others] = found.problems
  if (first !== undefined) return yield* new ConfigurationError({ problems: [first, ...others] })
  return {
    http: {
      host: general.socket_host,
      port: general.socket_port,
      prefix: general.server_prefix,
      corsOrigins: general.cors_origins,
      eventsToken: renewed.eventsToken,
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
      metricsToken: renewed.metricsToken,
      metrics: { maxRepositories: general.metrics_repositories, tags: general.metrics_tags },
      capacity: database.capacity?.bytes,
      capacityUnit: database.capacity?.unit,
      health:
        general.health_port === undefined
          ? undefined
          : { host: general.health_host ?? general.socket_host, port: general.health_port }
    },
    /** The address on which /metrics needs no token, if it is set. */
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
      credentials: { username: registry.username, token: renewed.token },
      scope,
      apiToken: renewed.apiToken,
      timeout: registry.request_timeout,
      concurrency: { max: registry.crawl_concurrency }
    },
    /** PEM of the authorities to trust for the registry and GitLab instead of Node's. */
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
})

/** The checked configuration of a server. Secrets are redacted. */
export interface ServerConfig extends Effect.Success<ReturnType<typeof fromSource>> {}

/** Reads the configuration from these places. Fails with all problems at once. */
export const load = (places: Places): Effect.Effect<ServerConfig, ConfigurationError, FileSystem.FileSystem> =>
  Effect.flatMap(read(places), fromSource)
