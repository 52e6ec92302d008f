/**
 * The HTTP client and the registry of a connection. Loaded only by commands that need them: undici loads slowly.
 */
import { NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { decode } from "@gitlab-registry-usage/adapter-http/node"
import type { Registry } from "@gitlab-registry-usage/core"
import { Duration, Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import { rootCertificates } from "node:tls"
import { Agent } from "undici"
import type { Connection } from "./Connection.ts"

/**
 * The client, with timeouts shorter than undici's defaults of an hour. The agent is created here, because a bundler cannot
 * follow how `NodeHttpClient` loads undici.
 */
export const httpLayer = ({
  authorities,
  concurrency
}: Pick<Connection, "authorities" | "concurrency">): Layer.Layer<HttpClient.HttpClient> => {
  const options: Agent.Options = {
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
    connectTimeout: 10_000,
    connections: concurrency,
    ...(authorities === undefined ? {} : { connect: { ca: [...rootCertificates, authorities] } })
  }
  return NodeHttpClient.layerUndiciNoDispatcher.pipe(
    Layer.provide(
      Layer.effect(
        NodeHttpClient.Dispatcher,
        Effect.acquireRelease(
          Effect.sync(() => new Agent(options)),
          (agent) => Effect.promise(() => agent.destroy())
        )
      )
    )
  )
}

/** The registry over the client of the context. */
export const registryLayer = (connection: Connection): Layer.Layer<Registry.Registry, never, HttpClient.HttpClient> =>
  RegistryHttp.layer({
    url: connection.registry,
    gitlabUrl: connection.gitlab,
    credentials: connection.account,
    scope: connection.scope,
    concurrency: { max: connection.concurrency },
    timeout: Duration.seconds(connection.timeout),
    decode
  })

export const layer = (connection: Connection): Layer.Layer<Registry.Registry> =>
  registryLayer(connection).pipe(Layer.provide(httpLayer(connection)))
