/** The server as a whole. */
import { NodeCrypto, NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { decode } from "@gitlab-registry-usage/adapter-http/node"
import { JwtTokens, type KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Collector, type Registry, Retention, Revocation } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Effect, Layer } from "effect"
import { FetchHttpClient, HttpServer } from "effect/http"
import { NetAddress } from "effect/net"
import { Otlp } from "effect/observability"
import type { ServerConfig } from "./config/options/ServerConfig.ts"
import type { ListenError } from "./ListenError.ts"
import * as Dashboard from "./Dashboard.ts"
import * as HttpApp from "./http/HttpApp.ts"
import * as TokenCache from "./http/auth/TokenCache.ts"
import * as Stores from "./stores/Stores.ts"
import * as Upstream from "./Upstream.ts"
import * as VerifySignal from "./VerifySignal.ts"
import { version } from "./Version.ts"

/**
 * The registry over HTTP. Connections are kept and reused; undici's own limits of an hour become those of a request.
 */
const registry = ({ registry, registryAuthorities }: ServerConfig): Layer.Layer<Registry.Registry> => {
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
        ...(registryAuthorities === undefined ? {} : { connect: { ca: [...registryAuthorities] } })
      })
    )
  )
}

const announce = Effect.fnUntraced(function* ({ http }: ServerConfig) {
  const { address } = yield* HttpServer.HttpServer
  const scheme = http.tls === undefined ? "http" : "https"
  yield* Effect.logInfo(`listening on ${NetAddress.formatUrlUnsafe(address, scheme)}`)
})

/** Refuses tokens up to the instant of the configuration or of a revocation, whichever is later. */
const tokens = ({ tokens }: ServerConfig) =>
  Layer.unwrap(
    Effect.map(Revocation.Revocation, (revocation) => {
      const notBefore =
        tokens.notBefore === undefined
          ? revocation.notBefore
          : Effect.zipWith(tokens.notBefore, revocation.notBefore, (a, b) => (DateTime.isGreaterThan(a, b) ? a : b))
      return TokenCache.layer({ notBefore }).pipe(Layer.provideMerge(JwtTokens.layer({ ...tokens, notBefore })))
    })
  )

const api = ({ http }: ServerConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      return HttpApp.layer({ ...http, ui: yield* Dashboard.files, publicKeys: yield* JwtTokens.PublicKeys })
    })
  )

const metricsServer = ({ http, metricsServer }: ServerConfig) =>
  metricsServer === undefined ? Layer.empty : HttpApp.layerMetrics({ ...metricsServer, metrics: http.metrics })

/** Sends logs (besides those on the console), metrics and traces to an OpenTelemetry collector. */
const telemetry = ({ otlpUrl }: ServerConfig) =>
  otlpUrl === undefined
    ? Layer.empty
    : Otlp.layerJson({
        baseUrl: otlpUrl.href.replace(/\/$/, ""),
        resource: { serviceName: "gitlab-registry-usage-rest", serviceVersion: version }
      }).pipe(Layer.provide(FetchHttpClient.layer))

/** The layer of a whole server with this configuration. */
export const layer = (
  config: ServerConfig
): Layer.Layer<
  Collector.Collector | HttpServer.HttpServer,
  KeySet.JwtOptionsError | LdapDirectory.LdapOptionsError | ListenError | Stores.StoresError
> =>
  Layer.effectDiscard(announce(config)).pipe(
    Layer.provideMerge(api(config)),
    Layer.provide(metricsServer(config)),
    Layer.provide(VerifySignal.layer),
    Layer.provideMerge(Collector.layer(config.collector)),
    Layer.provide(Retention.layer(config.retention)),
    Layer.provide([registry(config), LdapDirectory.layer(config.directory), tokens(config)]),
    Layer.provide(Stores.layer(config)),
    Layer.provide(telemetry(config))
  )

/** Serves until it is interrupted; then it completes the running requests and stops. */
export const main = (config: ServerConfig): Effect.Effect<never, Layer.Error<ReturnType<typeof layer>>> =>
  Layer.launch(layer(config))
