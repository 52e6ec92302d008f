import { Collector, SnapshotStore, type Usage } from "@gitlab-registry-usage/core"
import { DirectoryMemory, type Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Effect, Layer, type LogLevel, Option, Redacted, References } from "effect"
import { TokenCache } from "@gitlab-registry-usage/server"
import * as HttpApp from "../src/http/HttpApp.ts"
import * as Client from "./Client.ts"
import { send } from "./Client.ts"

export const secret = "a test secret of more than thirty-two bytes"

const directory = DirectoryMemory.layer([
  { username: "alice", password: "alice-secret" },
  { username: "zoe", password: "zoë-pass:word" },
  { username: "paren(s)", password: "paren-secret" },
  { username: "mallory", password: "mallory-secret", maySignIn: false }
])

/** Tokens signed with the test secret, and those that were verified are remembered: as the server wires them. */
export const tokensWith = (options: Partial<Pick<JwtTokens.Options, "current" | "life" | "notBefore">> = {}) =>
  TokenCache.layer(options).pipe(
    Layer.provideMerge(
      JwtTokens.layer({
        current: KeySet.sharedSecret(Redacted.make(secret)),
        issuer: "https://usage.example",
        audience: "usage",
        ...options
      })
    )
  )

export const tokens = tokensWith()

/** The HTTP API on a free port, and a client of it. */
export const httpLayer = (options: Partial<HttpApp.Options> = {}) =>
  Client.layer.pipe(Layer.provideMerge(HttpApp.layer({ host: "127.0.0.1", port: 0, ...options })))

/** The whole HTTP side on a free port, over a registry in memory. */
export const appLayer = (
  registry: RegistryMemory.Options,
  options: Partial<HttpApp.Options> & {
    readonly accounting?: Usage.Accounting
    /** Default: one that holds the latest snapshot only. */
    readonly store?: Layer.Layer<SnapshotStore.SnapshotStore>
    readonly tokens?: ReturnType<typeof tokensWith>
    readonly logLevel?: LogLevel.LogLevel
  } = {}
) =>
  httpLayer(options).pipe(
    Layer.provideMerge(Collector.layer({ accounting: options.accounting })),
    Layer.provideMerge(options.store ?? SnapshotStore.layerMemory),
    Layer.provide(RegistryMemory.layer(registry)),
    Layer.provideMerge(Layer.mergeAll(directory, options.tokens ?? tokens)),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, options.logLevel ?? "None"))
  )

export { once, send } from "./Client.ts"

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
