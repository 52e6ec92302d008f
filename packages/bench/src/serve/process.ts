/**
 * The process of one server: ours, which loads a snapshot from a file or from a database, or a bare one that sends the
 * bytes of a file. It writes its port as a line of JSON.
 */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { NodeServices } from "@effect/platform-node"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Authentication, type SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryMemory, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Adapters, FileSnapshotStore, Server, TokenCache } from "@gitlab-registry-usage/server"
import { Effect, Layer, Redacted, References } from "effect"
import { HttpServer } from "effect/http"

/** The responses of the bare server by path. */
export interface Bytes {
  readonly [path: string]: {
    readonly headers: Array<string>
    readonly notModified: Array<string>
    readonly body: string
  }
}

const writeLine = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

const bare = (file: string) => {
  const bytes = JSON.parse(readFileSync(file, "utf8")) as Bytes
  const answers = new Map(
    Object.entries(bytes).map(([path, { body, headers, notModified }]) => {
      const buffer = Buffer.from(body, "base64")
      // As in our server: Node writes a short body faster as a string.
      return [path, { headers, notModified, body: buffer.length < 1400 ? buffer.toString() : buffer }]
    })
  )
  const server = createServer((request, response) => {
    const answer = answers.get(request.url!)!
    if (request.headers["if-none-match"] !== undefined) response.writeHead(304, answer.notModified).end()
    else response.writeHead(200, answer.headers).end(answer.body)
  })
  server.listen(0, "127.0.0.1", () => writeLine({ port: (server.address() as { port: number }).port }))
}

/** The registry never responds, so that the server serves the snapshot of the store. */
const ours = <E>(store: Layer.Layer<SnapshotStore.SnapshotStore, E>) => {
  const tokens = JwtTokens.layer({
    current: KeySet.sharedSecret(Redacted.make("of no use but for measuring, 32 bytes")),
    issuer: "bench",
    audience: "bench"
  })
  const app = Server.layer({ http: { host: "127.0.0.1", port: 0 } }).pipe(
    Layer.provide([store, RegistryMemory.layer({ repositories: [], before: () => Effect.never })]),
    Layer.provide([DirectoryMemory.layer([]), Adapters.layerAlone()]),
    Layer.provideMerge(TokenCache.layer().pipe(Layer.provideMerge(tokens))),
    Layer.provide(Layer.succeed(References.MinimumLogLevel, "None"))
  )
  return Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const tokens = yield* Authentication.Tokens
    const { token } = yield* tokens.issue({ username: "bench" })
    writeLine({ port: (address as { port: number }).port, token: Redacted.value(token) })
    return yield* Effect.never
  }).pipe(Effect.provide(app))
}

const source = process.env["SOURCE"]!
const stores = {
  ours: FileSnapshotStore.layer({ path: source }).pipe(Layer.provide(NodeServices.layer)),
  replica: Postgres.layer({ url: Redacted.make(source) })
}

const kind = process.argv[2] as keyof typeof stores | "bare"
if (kind === "bare") bare(source)
else Effect.runFork(ours<unknown>(stores[kind]))
