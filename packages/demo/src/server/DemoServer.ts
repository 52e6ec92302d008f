/** The server on an embedded registry, to try it without any setup. It has production's adapters and API. */
import { NodeCrypto, NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Collector } from "@gitlab-registry-usage/core"
import { Adapters, Dashboard, Server } from "@gitlab-registry-usage/server"
import { Console, Data, Effect, Layer, Option, Redacted, Runtime } from "effect"
import { FetchHttpClient, HttpServer } from "effect/http"
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import * as DemoDirectory from "../auth/DemoDirectory.ts"
import * as Demo from "../data/Demo.ts"
import * as DemoRegistry from "../DemoRegistry.ts"
import * as ApiImages from "./ApiImages.ts"
import * as DemoHistory from "../data/DemoHistory.ts"

export interface Options {
  /** The port of the API on loopback; 0 for a free one. Without it 5000, or a free one where that is taken. */
  readonly port: Option.Option<number>
  /** Whether to check the figures and exit instead of serving until the process is interrupted. */
  readonly once: boolean
}

/** The API reports other figures than expected. */
export class UnexpectedFigures extends Data.TaggedError("UnexpectedFigures")<{
  readonly differences: ReadonlyArray<string>
}> {
  override get message(): string {
    return `the API reports other figures than expected:\n${this.differences.join("\n")}`
  }
}

/** The registry has its own HTTP server. */
const registry = Layer.unwrap(
  Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))
).pipe(Layer.provide(Layer.fresh(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))))

const registryClient = Layer.unwrap(
  Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }) =>
    RegistryHttp.layer({
      url: new URL(url),
      credentials: { username: credentials.username, token: credentials.password }
    })
  )
).pipe(Layer.provide([NodeHttpClient.layerUndici, NodeCrypto.layerDigest]))

const tokens = Layer.unwrap(
  Effect.sync(() =>
    JwtTokens.layer({
      current: KeySet.sharedSecret(Redacted.make(randomBytes(32).toString("base64url"))),
      issuer: "demonstration",
      audience: "demonstration"
    })
  )
)

/** The capacity of the registry's disk, which the projection reaches in a few weeks. */
const capacity = { capacity: 4_000_000, capacityUnit: "MB" }

const defaultPort = 5000

const layer = (port: number) =>
  Server.layer({ http: { host: "127.0.0.1", port, ...capacity } }).pipe(
    Layer.provide([registryClient, DemoHistory.layer(Demo.repositories), Adapters.layerAlone()]),
    Layer.provide([DemoDirectory.layer, tokens, Dashboard.layer]),
    Layer.provideMerge(registry)
  )

const [user] = DemoDirectory.users

const guide = (url: string) => `
Sign in as ${user.username} with the password ${user.password}, in a browser at ${url}/ui/, or read:

  TOKEN=$(curl -s -u ${user.username}:${user.password} ${url}/auth_token | sed 's/.*"auth_token":"\\([^"]*\\)".*/\\1/')
  curl -s -H "Authorization: Bearer $TOKEN" '${url}/images?embed=true'
`

/**
 * Starts the demo: crawls the embedded registry, prints the images that the API reports, and serves until it is
 * interrupted. With `once` it checks the figures and ends instead.
 */
export const run = ({ once, port }: Options) =>
  runAt(
    Option.getOrElse(port, () => (once ? 0 : defaultPort)),
    once
  ).pipe(
    Effect.catchIf(
      (error) => error._tag === "ListenError" && error.code === "EADDRINUSE" && Option.isNone(port),
      () =>
        Effect.andThen(
          Console.log(`Port ${defaultPort} is taken (--port chooses one): a free one is used.\n`),
          runAt(0, once)
        )
    ),
    Effect.provide(FetchHttpClient.layer),
    Effect.tapErrorTag(["ListenError", "UnexpectedFigures"], (error) =>
      // The runtime would print it again, with its stack.
      Effect.andThen(
        Console.error(error.message),
        Effect.sync(() => Object.assign(error, { [Runtime.errorReported]: false }))
      )
    )
  )

const runAt = (port: number, once: boolean) =>
  Effect.gen(function* () {
    const collector = yield* Collector.Collector
    const { address } = yield* HttpServer.HttpServer
    const url = HttpServer.formatAddress(address).replace(/\/$/, "")
    const { url: registryUrl } = yield* DemoRegistry.DemoRegistry
    const { duration } = yield* collector.refresh
    const images = yield* ApiImages.read(url, user)
    yield* Console.log(
      `GitLab Registry Usage at ${url}, on an embedded registry at ${registryUrl}, crawled in ${Math.round(duration)} ms\n`
    )
    yield* Console.log(ApiImages.table(images))
    yield* Console.log(guide(url))
    if (!once) {
      yield* Console.log("Ctrl-C stops it.")
      return yield* Effect.never
    }
    const differences = ApiImages.differences(images)
    if (differences.length > 0) return yield* new UnexpectedFigures({ differences })
    yield* Console.log(`The figures of all ${images.length} images are as expected.`)
  }).pipe(Effect.provide(layer(port)))
