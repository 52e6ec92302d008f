import { Collector, SnapshotStore, type Usage } from "@gitlab-registry-usage/core"
import { DirectoryMemory, type Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Effect, Layer, Option, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { type IncomingHttpHeaders, request } from "node:http"
import { HttpApp } from "@gitlab-registry-usage/server"

export const secret = "a test secret of more than thirty-two bytes"

const directory = DirectoryMemory.layer([
  { username: "alice", password: "alice-secret" },
  { username: "zoe", password: "zoë-pass:word" },
  { username: "paren(s)", password: "paren-secret" },
  { username: "mallory", password: "mallory-secret", maySignIn: false }
])

export const tokens = JwtTokens.layer({
  current: KeySet.sharedSecret(Redacted.make(secret)),
  issuer: "https://usage.example",
  audience: "usage"
})

/** The whole HTTP side on a free port, over a registry in memory. */
export const appLayer = (
  registry: RegistryMemory.Options,
  options: Partial<HttpApp.Options> & {
    readonly accounting?: Usage.Accounting
    /** Default: one that holds the latest snapshot only. */
    readonly store?: Layer.Layer<SnapshotStore.SnapshotStore>
  } = {}
) =>
  HttpApp.layer({ host: "127.0.0.1", port: 0, ...options }).pipe(
    Layer.provideMerge(Collector.layer({ accounting: options.accounting })),
    Layer.provideMerge(options.store ?? SnapshotStore.layerMemory),
    Layer.provide(RegistryMemory.layer(registry)),
    Layer.provideMerge(Layer.mergeAll(directory, tokens)),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
  )

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: unknown
}

/** Sends exactly this path to the server, as no client would that tidies it. */
export const send = (
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Record<string, string | Array<string>>
    readonly body?: string
  } = {}
) =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    if (!("port" in address)) return yield* Effect.die("the server listens on no port")
    return yield* Effect.callback<Answer, Error>((resume) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: address.port,
          path,
          method: options.method ?? "GET",
          headers: options.headers ?? {},
          agent: false
        },
        (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("end", () => {
            const body = Buffer.concat(chunks).toString()
            const isJson = /json/.test(response.headers["content-type"] ?? "")
            resume(
              Effect.succeed({
                status: response.statusCode!,
                headers: response.headers,
                body,
                json: isJson && body !== "" ? JSON.parse(body) : undefined
              })
            )
          })
        }
      )
      sent.on("error", (error) => resume(Effect.fail(error)))
      sent.end(options.body)
      return Effect.sync(() => sent.destroy())
    })
  })

export const basic = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
})

/** A bearer header of a token that the server itself issued, once the first crawl has ended. */
export const signedIn = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  if (Option.isNone(yield* collector.current)) yield* collector.refresh
  const { json } = yield* send("/auth_token", { headers: basic("alice", "alice-secret") })
  return { authorization: `Bearer ${(json as { auth_token: string }).auth_token}` }
})

export const get = (path: string, headers: Record<string, string> = {}) =>
  Effect.flatMap(signedIn, (authorization) => send(path, { headers: { ...authorization, ...headers } }))

export type Repositories = ReadonlyArray<Images.Repository>
