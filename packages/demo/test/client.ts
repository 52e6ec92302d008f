import { NodeHttpServer } from "@effect/platform-node"
import { MediaType } from "@gitlab-registry-usage/core"
import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import { type Account, Demo, DemoRegistry } from "../src/index.ts"

const server = NodeHttpServer.layerServer(createServer, { port: 0, host: "127.0.0.1" })

/** The demonstration, or another registry, on a free port of the loopback; with `storage` its blobs on a second one. */
export const registry = (options: Partial<DemoRegistry.Options> & { readonly storage?: boolean } = {}) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const repositories = options.repositories ?? (yield* Demo.repositories)
      const context = options.storage === true ? yield* Layer.build(Layer.fresh(server)) : undefined
      const storageServer = context && (yield* Effect.provide(HttpServer.HttpServer, context))
      return DemoRegistry.layer({ ...options, repositories, storageServer })
    })
  ).pipe(Layer.provide(Layer.fresh(server)))

export const acceptAll = MediaType.manifests.join(", ")

export interface Sent {
  readonly method?: string
  readonly token?: string
  readonly headers?: Record<string, string>
}

export interface Received {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly text: string
  readonly json: any
}

/** Sends a request, to the registry or to an absolute URL, and follows no redirect. */
export const ask = Effect.fnUntraced(function* (path: string, sent: Sent = {}) {
  const { url } = yield* DemoRegistry.DemoRegistry
  return yield* Effect.promise(async (signal): Promise<Received> => {
    const response = await fetch(new URL(path, url), {
      method: sent.method ?? "GET",
      redirect: "manual",
      signal,
      headers: { ...(sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` }), ...sent.headers }
    })
    const body = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(body)
    const json = text.startsWith("{") ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, body, text, json }
  })
})

export const basic = (account: Pick<Account.Account, "username" | "password">) => ({
  authorization: `Basic ${btoa(`${account.username}:${Redacted.value(account.password)}`)}`
})

/** Asks for a token; `undefined` asks without credentials. */
export const askToken = (account: Account.Account | undefined, ...scopes: ReadonlyArray<string>) =>
  ask(
    `/jwt/auth?service=container_registry&client_id=test${scopes.map((scope) => `&scope=${encodeURIComponent(scope)}`).join("")}`,
    { headers: account === undefined ? {} : basic(account) }
  )

/** A token of the administrator. */
export const token = (...scopes: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { credentials } = yield* DemoRegistry.DemoRegistry
    return (yield* askToken(credentials, ...scopes)).json.token as string
  })

export const pull = (name: string) => token(`repository:${name}:pull`)

export const codes = (received: Received): ReadonlyArray<string> =>
  received.json.errors.map(({ code }: { readonly code: string }) => code)
