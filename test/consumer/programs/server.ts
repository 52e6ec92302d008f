// A server of the published packages, which stops with the program.
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryMemory, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Adapters, Server } from "@gitlab-registry-usage/server"
import { Console, Effect, Layer, Logger, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpServer } from "effect/http"

const tokens = JwtTokens.layer({
  current: KeySet.sharedSecret(Redacted.make("a secret that is only here for a test")),
  issuer: "test",
  audience: "test"
})

const server = Server.layer({ http: { host: "127.0.0.1", port: 0 } }).pipe(
  Layer.provide([SnapshotStore.layerMemory, Adapters.layerAlone()]),
  Layer.provide([DirectoryMemory.layer([{ username: "alice", password: "secret" }]), tokens]),
  Layer.provide(RegistryMemory.layer({ repositories: [] }))
)

const program = Effect.gen(function* () {
  yield* Effect.flatMap(Collector.Collector, ({ refresh }) => refresh)
  const { address } = yield* HttpServer.HttpServer
  const client = yield* HttpClient.HttpClient
  const answer = yield* client.get(`${HttpServer.formatAddress(address).replace(/\/$/, "")}/health/ready`)
  yield* Console.log(`ready: ${answer.status} ${yield* answer.text}`)
})

await Effect.runPromise(program.pipe(Effect.provide([server, FetchHttpClient.layer]), Effect.provide(Logger.layer([]))))
