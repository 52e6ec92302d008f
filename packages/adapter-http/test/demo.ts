import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { type Account, DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer, Logger } from "effect"
import { createServer } from "node:http"
import { RegistryHttp } from "../src/index.ts"

export interface Reading extends Partial<RegistryHttp.Options> {
  /** Default: the administrator. */
  readonly as?: Account.Account
}

/** The registry of the demonstration on a free port, and the adapter to it. */
export const overDemo = (
  repositories: Effect.Effect<ReadonlyArray<Images.Repository>>,
  options: Partial<DemoRegistry.Options> = {},
  { as, ...reading }: Reading = {}
) => {
  const server = Layer.fresh(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 }))
  const demo = Layer.unwrap(
    Effect.map(repositories, (repositories) => DemoRegistry.layer({ repositories, ...options }))
  ).pipe(Layer.provide(server))
  return Layer.unwrap(
    Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }) => {
      const { password, username } = as ?? credentials
      return RegistryHttp.layer({
        url: new URL(url),
        gitlabUrl: new URL(url),
        credentials: { username, token: password },
        ...reading
      })
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici), Layer.provideMerge(demo))
}

/** Repositories with one image each. */
export const many = (names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Images.Repository>> =>
  Effect.forEach(names, (name) =>
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer(name, 100)] })
      return { name: Names.RepositoryName.make(name), tags: [{ name: Names.TagName.make("latest"), image }] }
    })
  )

/** Names with numbers of the same width, in the order of listing. */
export const numbered = (prefix: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, "0")}`)

/** What is logged while the effect runs. */
export const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const messages: Array<string> = []
    const logger = Logger.make(({ message }) => void messages.push(String(message)))
    return Effect.map(Effect.provide(effect, Logger.layer([logger])), (value) => ({ value, messages }))
  })
