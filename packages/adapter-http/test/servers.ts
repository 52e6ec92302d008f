import * as Http from "node:http"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import { NodeHttpClient } from "@effect/platform-node"
import { Names } from "@gitlab-registry-usage/core"
import { Effect, type Scope, Stream } from "effect"
import type { HttpClient } from "effect/http"
import { RegistryHttp } from "../src/index.ts"

export const name = Names.RepositoryName.make("group/app")
export const tag = Names.TagName.make("1.0")

/** What a server was asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
}

/**
 * A server that does what the handler says, on a free port of the loopback interface until the scope closes. It has no
 * metadata database: the question for one is no matter of the handler.
 */
export const listen = (
  handler: (request: Http.IncomingMessage, response: Http.ServerResponse, url: URL) => void,
  tls?: Https.ServerOptions
) =>
  Effect.gen(function* () {
    const asked: Array<Asked> = []
    const listener: Http.RequestListener = (request, response) => {
      if (request.url === "/gitlab/v1/") return void response.writeHead(404).end()
      asked.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers })
      handler(request, response, new URL(request.url ?? "/", "http://127.0.0.1"))
    }
    const server = tls === undefined ? Http.createServer(listener) : Https.createServer(tls, listener)
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const { port } = server.address() as AddressInfo
    return { url: new URL(`http${tls === undefined ? "" : "s"}://127.0.0.1:${port}`), port, asked }
  })

export const json = (response: Http.ServerResponse, value: unknown, headers: Http.OutgoingHttpHeaders = {}) =>
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value))

/** An adapter without retries unless the options say otherwise. */
export const registryAt = (url: URL, options: Partial<RegistryHttp.Options> = {}) =>
  RegistryHttp.make({ url, retries: 0, ...options })

export const tagNames = (registry: Effect.Success<ReturnType<typeof registryAt>>) =>
  Effect.map(Stream.runCollect(registry.tags(name)), (tags) => tags.map((tag): string => tag.name))

/** Runs a test over undici. */
export const overUndici = <A, E>(effect: Effect.Effect<A, E, Scope.Scope | HttpClient.HttpClient>) =>
  effect.pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))

/** Where blobs are that a registry redirects to. */
export const blobStore = listen((_, response) => response.writeHead(200, { "content-length": "12345" }).end())

/** A registry that wants a token, whose blobs are elsewhere. */
export const redirecting = (to: (url: URL) => string, tls?: Parameters<typeof listen>[1]) =>
  Effect.gen(function* () {
    const server = yield* listen((request, response, url): void => {
      if (url.pathname === "/token") return void json(response, { token: "canary" })
      if (request.headers.authorization === undefined) {
        const realm = `http${tls === undefined ? "" : "s"}://${request.headers.host}/token`
        return void response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}"` }).end()
      }
      return void response.writeHead(307, { location: to(url) }).end()
    }, tls)
    return { ...server, registry: yield* registryAt(server.url) }
  })
