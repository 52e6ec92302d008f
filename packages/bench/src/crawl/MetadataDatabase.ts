/**
 * A registry with GitLab's metadata database: the demo's embedded one, because GitLab's cannot be installed.
 */
import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { Account, DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"

/**
 * Starts the registry on a free port in this process; it stops when the scope closes. Times of a crawl would include
 * those of the registry.
 */
export const start = Effect.fnUntraced(function* (repositories: ReadonlyArray<Images.Repository>) {
  const context = yield* Layer.build(
    DemoRegistry.layer({ repositories, accounts: [Account.administrator], metadataDatabase: true }).pipe(
      Layer.provide(NodeHttpServer.layerServer(createServer, { port: 0, host: "127.0.0.1" }))
    )
  )
  const { credentials, url } = yield* Effect.provide(DemoRegistry.DemoRegistry, context)
  return { url: new URL(url), credentials: { username: credentials.username, token: credentials.password } }
})
