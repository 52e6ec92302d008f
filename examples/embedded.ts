// Serves the API below /usage of an existing HTTP server. PORT=8080 REGISTRY_URL=… REGISTRY_USER=… REGISTRY_TOKEN=…
// HTPASSWD=users TOKEN_SECRET=… node examples/embedded.ts
import { NodeHttpClient, NodeHttpServer, NodeRuntime, NodeServices } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { App } from "@gitlab-registry-usage/server"
import { Effect, Layer, Redacted } from "effect"
import { createServer } from "node:http"
import * as Htpasswd from "./htpasswd.ts"

const {
  HTPASSWD = "",
  PORT = "0",
  REGISTRY_TOKEN = "",
  REGISTRY_URL = "",
  REGISTRY_USER = "",
  TOKEN_SECRET = ""
} = process.env

const registry = RegistryHttp.layer({
  url: new URL(REGISTRY_URL),
  credentials: { username: REGISTRY_USER, token: Redacted.make(REGISTRY_TOKEN) }
}).pipe(Layer.provide(NodeHttpClient.layerUndici))

const tokens = JwtTokens.layer({
  current: KeySet.sharedSecret(Redacted.make(TOKEN_SECRET)),
  issuer: "embedded",
  audience: "embedded"
})

const layer = Layer.mergeAll(
  Collector.layer().pipe(Layer.provide([registry, SnapshotStore.layerMemory])),
  Htpasswd.layer(HTPASSWD).pipe(Layer.provide(NodeServices.layer)),
  tokens
)

const program = Effect.gen(function* () {
  const app = yield* App.make({ prefix: "/usage" })
  const usage = yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
  const server = createServer((request, response) => {
    if (request.url!.startsWith("/usage/")) usage(request, response)
    else response.end("what was there before\n")
  })
  server.listen(Number(PORT), "127.0.0.1")
  return yield* Effect.never
})

NodeRuntime.runMain(program.pipe(Effect.scoped, Effect.provide(layer)))
