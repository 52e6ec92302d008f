/** The registry of the demonstration for tests of promises. */
import { NodeHttpServer } from "@effect/platform-node"
import { Demo, DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer, Redacted } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import type { CollectOptions } from "@gitlab-registry-usage/promise"

export const registry = Layer.unwrap(
  Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))
).pipe(Layer.provide(NodeHttpServer.layerServer(createServer, { port: 0, host: "127.0.0.1" })))

/** The options of the administrator. */
export const administrator = Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }): CollectOptions => ({
  registryUrl: url,
  gitlabUrl: url,
  credentials: { username: credentials.username, token: Redacted.value(credentials.password) }
}))

/** The error of a rejected promise; "resolved" where it is none. */
export const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved" as unknown,
    (error: unknown) => error
  )

/** Serves on loopback while a promise is pending. */
export const serving = async <A>(listener: RequestListener, use: (url: string) => Promise<A>): Promise<A> => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
