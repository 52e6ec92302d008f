/**
 * The server with the page, over a registry, for a browser to open.
 */
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Collector, type Registry, SnapshotStore } from "@gitlab-registry-usage/core"
import { type Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Demo, DemoDirectory, DemoRegistry } from "@gitlab-registry-usage/demo"
import { HttpApp } from "@gitlab-registry-usage/server"
import { Effect, Exit, Layer, ManagedRuntime, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"

/** A running server. Stopping it a second time does nothing. */
export interface Site {
  /** The address of the page. */
  readonly url: string
  /** Looks at the registry again, whatever comes of it. */
  readonly refresh: () => Promise<void>
  readonly stop: () => Promise<void>
}

const tokens = JwtTokens.layer({
  current: KeySet.sharedSecret(Redacted.make("a secret for tests, longer than 32 bytes")),
  issuer: "test",
  audience: "test"
})

/** The user who signs in. */
export const [user] = DemoDirectory.users

/** The demonstration's registry, read over HTTP. */
const demo = Layer.unwrap(
  Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }) =>
    RegistryHttp.layer({
      url: new URL(url),
      credentials: { username: credentials.username, token: credentials.password }
    })
  )
).pipe(
  Layer.provide(
    Layer.unwrap(Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))).pipe(
      Layer.provide(Layer.fresh(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))
    )
  ),
  Layer.provide(NodeHttpClient.layerUndici)
)

const start = async (
  registry: Layer.Layer<Registry.Registry, unknown>,
  options: Partial<HttpApp.Options> = {}
): Promise<Site> => {
  const runtime = ManagedRuntime.make(
    HttpApp.layer({ host: "127.0.0.1", port: 0, shutdownTimeout: 0, ...options }).pipe(
      Layer.provideMerge(Collector.layer()),
      Layer.provide([registry, SnapshotStore.layerMemory]),
      Layer.provide([DemoDirectory.layer, tokens]),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
    )
  )
  const refresh = async () => {
    await runtime.runPromise(
      Effect.gen(function* () {
        const collector = yield* Collector.Collector
        return Exit.isSuccess(yield* Effect.exit(collector.refresh))
      })
    )
  }
  const address = await runtime.runPromise(
    Effect.map(HttpServer.HttpServer, ({ address }) => HttpServer.formatAddress(address))
  )
  await refresh()
  return {
    url: new URL(
      `${(options.prefix ?? "").replace(/^\//, "")}${options.prefix === undefined ? "" : "/"}ui/`,
      `${address.replace(/\/$/, "")}/`
    ).href,
    refresh,
    stop: () => runtime.dispose()
  }
}

/** Over the demonstration's registry. */
export const startDemo = (options?: Partial<HttpApp.Options>): Promise<Site> => start(demo, options)

/** Over a registry in memory. */
export const startMemory = (registry: RegistryMemory.Options, options?: Partial<HttpApp.Options>): Promise<Site> =>
  start(RegistryMemory.layer(registry), options)

/** @internal */
export type Repositories = ReadonlyArray<Images.Repository>
