/**
 * The server on an embedded registry, for trying it: the same adapters and the same API, nothing to set up.
 *
 * @since 0.1.0
 */
import { NodeCrypto, NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Bytes, Collector } from "@gitlab-registry-usage/core"
import { Demo, DemoDirectory, DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { Console, Data, Effect, Layer, Redacted, Runtime, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse, HttpServer } from "effect/http"
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import * as Dashboard from "./Dashboard.ts"
import * as DemoHistory from "./DemoHistory.ts"
import * as HttpApp from "./http/HttpApp.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /** The port of the API on the loopback. */
  readonly port: number
  /** Whether to check the figures and end, instead of serving on. */
  readonly once: boolean
}

/**
 * The API told other figures than the demonstration's contents have.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedFigures extends Data.TaggedError("UnexpectedFigures")<{
  readonly differences: ReadonlyArray<string>
}> {
  override readonly [Runtime.errorReported] = false

  override get message(): string {
    return `the API tells other figures than expected:\n${this.differences.join("\n")}`
  }
}

/** A server of its own for the registry, apart from that of the API. */
const registry = Layer.unwrap(
  Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))
).pipe(Layer.provide(Layer.fresh(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))))

const crawled = Layer.unwrap(
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

/** The disk of the registry: with room for some weeks more. */
const capacity = 4_000_000

const layer = ({ port }: Options) =>
  Layer.unwrap(Effect.map(Dashboard.files, (ui) => HttpApp.layer({ host: "127.0.0.1", port, ui, capacity }))).pipe(
    Layer.provideMerge(Collector.layer()),
    Layer.provide([crawled, DemoHistory.layer(Demo.repositories)]),
    Layer.provide([DemoDirectory.layer, tokens]),
    Layer.provideMerge(registry)
  )

const Size = Schema.NullOr(Schema.Int)
const Token = Schema.Struct({ auth_token: Schema.String })
const Images = Schema.Struct({
  _embedded: Schema.Struct({
    items: Schema.Array(Schema.Struct({ name: Schema.String, size: Size, disk_size: Size, unique_size: Size }))
  })
})
type Image = (typeof Images.Type)["_embedded"]["items"][number]

const [user] = DemoDirectory.users

/** Signs in and reads all images, as any client does. */
const images = Effect.fnUntraced(function* (url: string) {
  const client = yield* HttpClient.HttpClient
  const login = HttpClientRequest.get(`${url}/auth_token`).pipe(
    HttpClientRequest.basicAuth(user.username, user.password)
  )
  const { auth_token: token } = yield* Effect.flatMap(client.execute(login), HttpClientResponse.schemaBodyJson(Token))
  const read = HttpClientRequest.get(`${url}/images?embed=1`).pipe(HttpClientRequest.bearerToken(token))
  const document = yield* Effect.flatMap(client.execute(read), HttpClientResponse.schemaBodyJson(Images))
  return document._embedded.items
})

const sum = (items: ReadonlyArray<Image>, key: "size" | "disk_size") =>
  items.reduce((total, item) => total + (item[key] ?? 0), 0)

/** What the API tells and what it should, line by line, where they differ. */
const differences = (items: ReadonlyArray<Image>): ReadonlyArray<string> => {
  const { repositories, total } = Expected.all
  const told = new Map<string, unknown>(items.map(({ name, ...sizes }) => [name, sizes]))
  const pairs: ReadonlyArray<readonly [string, unknown, unknown]> = [
    ...Object.entries(repositories).map(
      ([name, sizes]) =>
        [
          name,
          { size: sizes?.size ?? null, disk_size: sizes?.diskSize ?? null, unique_size: sizes?.uniqueSize ?? null },
          told.get(name)
        ] as const
    ),
    ["number of images", Object.keys(repositories).length, items.length],
    ["total size", total.size, sum(items, "size")],
    ["total disk_size", total.diskSize, sum(items, "disk_size")]
  ]
  return pairs.flatMap(([name, expected, actual]) => {
    const [a, b] = [JSON.stringify(expected), JSON.stringify(actual)]
    return a === b ? [] : [`  ${name}: expected ${a}, told ${b}`]
  })
}

const human = (size: number | null) => (size === null ? "unknown" : Bytes.format(Bytes.make(size)))

const table = (items: ReadonlyArray<Image>): string => {
  const bySize = items.toSorted((a, b) => (b.disk_size ?? -1) - (a.disk_size ?? -1))
  const rows = [
    ["IMAGE", "SIZE", "ON DISK", "UNIQUE"],
    ...bySize.map(({ disk_size, name, size, unique_size }) => [
      name,
      human(size),
      human(disk_size),
      human(unique_size)
    ]),
    ["all", human(sum(items, "size")), human(sum(items, "disk_size")), human(sum(items, "disk_size"))]
  ]
  const width = Math.max(...rows.map(([name]) => name!.length))
  return rows
    .map(([name, ...sizes]) => `  ${name!.padEnd(width)}${sizes.map((size) => size.padStart(11)).join("")}`)
    .join("\n")
}

const guide = (url: string) => `
Sign in as ${user.username} with the password ${user.password}, in a browser at ${url}/ui/, or read:

  TOKEN=$(curl -s -u ${user.username}:${user.password} ${url}/auth_token | sed 's/.*"auth_token":"\\([^"]*\\)".*/\\1/')
  curl -s -H "Authorization: Bearer $TOKEN" '${url}/images?embed=true'
`

/**
 * Starts the demonstration: crawls the embedded registry, shows what it found as told by the API, and serves until it is
 * interrupted. With `once` it checks the figures and ends instead.
 *
 * @category programs
 * @since 0.1.0
 */
export const demo = (options: Options) =>
  Effect.gen(function* () {
    const collector = yield* Collector.Collector
    const { address } = yield* HttpServer.HttpServer
    const url = HttpServer.formatAddress(address).replace(/\/$/, "")
    const { url: registryUrl } = yield* DemoRegistry.DemoRegistry
    const { duration } = yield* collector.refresh
    const items = yield* images(url)
    yield* Console.log(
      `GitLab Registry Usage at ${url}, on an embedded registry at ${registryUrl}, crawled in ${Math.round(duration)} ms\n`
    )
    yield* Console.log(table(items))
    yield* Console.log(guide(url))
    if (!options.once) {
      yield* Console.log("Ctrl-C ends it.")
      return yield* Effect.never
    }
    const found = differences(items)
    if (found.length > 0) return yield* new UnexpectedFigures({ differences: found })
    yield* Console.log(`The figures of all ${items.length} images are as expected.`)
  }).pipe(
    Effect.provide(layer(options)),
    Effect.provide(FetchHttpClient.layer),
    Effect.tapErrorTag(["ListenError", "UnexpectedFigures"], (error) => Console.error(error.message))
  )
