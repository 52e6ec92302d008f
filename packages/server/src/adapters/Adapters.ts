/**
 * The adapters of a server's ports, as a configuration says.
 *
 * @since 0.1.0
 */
import { NodeCrypto, NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { decode } from "@gitlab-registry-usage/adapter-http/node"
import { JwtTokens, type KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { type Authentication, type Registry, Revocation } from "@gitlab-registry-usage/core"
import { Duration, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import type { Replaceable, ServerConfig } from "../config/options/ServerConfig.ts"
import * as TokenCache from "../http/auth/TokenCache.ts"
import { version } from "../Version.ts"
import * as Stores from "../stores/Stores.ts"
import * as Upstream from "./Upstream.ts"

export { layerAlone, type Stores, type StoresError } from "../stores/Stores.ts"

/**
 * The port of each section of the configuration that a program can replace.
 *
 * @category models
 * @since 0.1.0
 */
export interface PortOf {
  readonly ldap: Authentication.Directory
  readonly jwt: Authentication.Tokens
  readonly registry: Registry.Registry
}

/**
 * The options of an adapter are not valid, or the database cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export type AdaptersError = KeySet.JwtOptionsError | LdapDirectory.LdapOptionsError | Stores.StoresError

/** The options of the adapters that may be left out. */
interface Sections {
  readonly directory: LdapDirectory.Options | undefined
  readonly registry: RegistryHttp.Options | undefined
  readonly tokens: JwtTokens.Options | undefined
}

/**
 * The registry over HTTP. Connections are kept and reused; undici's own limits of an hour become those of a request.
 */
const registryLayer = (
  registry: RegistryHttp.Options,
  authorities: ServerConfig["registryAuthorities"]
): Layer.Layer<Registry.Registry> => {
  const timeout = Duration.toMillis(registry.timeout ?? "30 seconds")
  return RegistryHttp.layer({ ...registry, decode }).pipe(
    // Node hashes manifests in half the time that WebCrypto takes.
    Layer.provide(NodeCrypto.layerDigest),
    Layer.provide(Upstream.layer),
    Layer.provide(
      NodeHttpClient.layerUndiciOptions({
        headersTimeout: timeout,
        bodyTimeout: timeout,
        connectTimeout: Math.min(timeout, 10_000),
        ...(authorities === undefined ? {} : { connect: { ca: [...authorities] } })
      })
    )
  )
}

/** Provides nothing without options: the type of `layer` does not promise it then. */
const unlessLeftOut = <Options, A, E, R>(
  options: Options | undefined,
  make: (options: Options) => Layer.Layer<A, E, R>
): Layer.Layer<A, E, R> => (options === undefined ? (Layer.empty as Layer.Layer<A>) : make(options))

/** Tokens that were verified are remembered, unless they were revoked since. */
const tokensLayer = (options: JwtTokens.Options) =>
  Layer.unwrap(
    Effect.map(Revocation.Revocation, ({ notBefore }) =>
      TokenCache.layer({ notBefore }).pipe(Layer.provideMerge(JwtTokens.layer(options)))
    )
  )

/** Sends logs (besides those on the console), metrics and traces to an OpenTelemetry collector. */
const telemetry = (otlpUrl: URL | undefined) =>
  otlpUrl === undefined
    ? Layer.empty
    : Otlp.layerJson({
        baseUrl: otlpUrl.href.replace(/\/$/, ""),
        resource: { serviceName: "gitlab-registry-usage-rest", serviceVersion: version }
      }).pipe(Layer.provide(FetchHttpClient.layer))

/**
 * The adapters that the configuration names, with its telemetry, for `Server.layer`. Those of the sections that the
 * configuration was read without are left out: the program provides them. A layer of the program's own goes between the two:
 *
 * ```ts
 * Server.layer(config).pipe(Layer.provide(myDirectory), Layer.provide(Adapters.layer(config)))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Without extends Replaceable = never>(
  config: ServerConfig<Without>
): Layer.Layer<PortOf[Exclude<Replaceable, Without>] | Stores.Stores, AdaptersError> => {
  const { directory, registry, tokens }: Sections = config
  return Layer.mergeAll(
    unlessLeftOut(directory, LdapDirectory.layer),
    unlessLeftOut(registry, (options) => registryLayer(options, config.registryAuthorities)),
    unlessLeftOut(tokens, tokensLayer)
  ).pipe(Layer.provideMerge(Stores.layer(config)), Layer.provideMerge(telemetry(config.otlpUrl)))
}
