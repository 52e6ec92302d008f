/** The server with the page, over a registry, for a browser to open. */
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Collector, type Registry, SnapshotStore } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Demo, DemoDirectory, DemoRegistry } from "@gitlab-registry-usage/demo"
import { Adapters, Dashboard, Server } from "@gitlab-registry-usage/server"
import { type Duration, Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** A running server. Stopping it a second time does nothing. */
export interface Site {
  /** The address of the page. */
  readonly url: string
  /** Crawls the registry again; failures are ignored. */
  readonly refresh: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface Options {
  readonly prefix?: string
  /** How long a token is valid. */
  readonly tokenLife?: Duration.Input
  /** Whether to wait for the first crawl. Default: true. */
  readonly crawled?: boolean
  /** The store of the snapshots. Default: memory, the latest only. */
  readonly store?: Layer.Layer<SnapshotStore.SnapshotStore>
  /** The capacity of the registry (bytes). */
  readonly capacity?: number
  readonly capacityUnit?: string
}

const tokens = ({ tokenLife }: Options) =>
  JwtTokens.layer({
    current: KeySet.sharedSecret(Redacted.make("a secret for tests, longer than 32 bytes")),
    issuer: "test",
    audience: "test",
    life: tokenLife
  })

/** Where the server reads the built page from. */
export const built = fileURLToPath(
  new URL("dist/ui", import.meta.resolve("@gitlab-registry-usage/server/package.json"))
)

const page = Layer.suspend(() => {
  if (!existsSync(join(built, "index.html"))) throw new Error("the page is not built: run `npm test`, or build it")
  return Dashboard.layer
})

/** The user who signs in. */
export const [user] = DemoDirectory.users

/** The demo registry, read over HTTP. */
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

const start = async (registry: Layer.Layer<Registry.Registry, unknown>, options: Options = {}): Promise<Site> => {
  const { capacity, capacityUnit, prefix = "" } = options
  const http = { host: "127.0.0.1", port: 0, shutdownTimeout: 0, prefix, capacity, capacityUnit }
  const runtime = ManagedRuntime.make(
    Server.layer({ http }).pipe(
      Layer.provideMerge(options.store ?? SnapshotStore.layerMemory),
      Layer.provide([registry, Adapters.layerAlone(), page]),
      Layer.provide([DemoDirectory.layer, tokens(options)]),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
    )
  )
  const refresh = async () => {
    await runtime.runPromise(Effect.flatMap(Collector.Collector, (collector) => Effect.exit(collector.refresh)))
  }
  const address = await runtime.runPromise(
    Effect.map(HttpServer.HttpServer, ({ address }) => HttpServer.formatAddress(address))
  )
  if (options.crawled !== false) await refresh()
  return { url: `${address.replace(/\/$/, "")}${prefix}/ui/`, refresh, stop: () => runtime.dispose() }
}

/** Over the demo registry. */
export const startDemo = (options?: Options): Promise<Site> => start(demo, options)

/** Over a registry in memory. */
export const startMemory = (registry: RegistryMemory.Options, options?: Options): Promise<Site> =>
  start(RegistryMemory.layer(registry), options)
