// An Effect program on the published packages: crawls, measures, and serves what it found.
import { FetchHttpClient, HttpClient, HttpServer } from "effect/http"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Collector, Crawl, Names, type Registry, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import type { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { DirectoryMemory, Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { HttpApp } from "@gitlab-registry-usage/server"
import { Console, Effect, Layer, Logger, Redacted } from "effect"

/** The suites can be named without the test framework. */
export type Suite = typeof RegistryTest.suite

/** Everything that the adapters give is a layer of a port. */
export const http: Layer.Layer<Registry.Registry, never, HttpClient.HttpClient> = RegistryHttp.layer({
  url: new URL("https://registry.example.com")
})
export const ldap = LdapDirectory.layer({
  url: "ldaps://ldap.example.com",
  baseDn: "dc=example,dc=com",
  group: { _tag: "Anyone" }
})

const registry = Layer.unwrap(
  Effect.gen(function* () {
    const layer = yield* Images.layer("layer", 1000)
    const image = yield* Images.image({ layers: [layer] })
    const tags = [{ name: Names.TagName.make("latest"), image }]
    return RegistryMemory.layer({ repositories: [{ name: Names.RepositoryName.make("group/app"), tags }] })
  })
)

const tokens = JwtTokens.layer({
  current: KeySet.sharedSecret(Redacted.make("a secret that is only here for a test")),
  issuer: "test",
  audience: "test"
})

const server = HttpApp.layer({ host: "127.0.0.1", port: 0 }).pipe(
  Layer.provideMerge(Collector.layer()),
  Layer.provide(SnapshotStore.layerMemory),
  Layer.provide([DirectoryMemory.layer([{ username: "alice", password: "secret" }]), tokens]),
  Layer.provideMerge(registry)
)

const program = Effect.gen(function* () {
  const { diskSize, size } = Usage.total(Usage.measure(yield* Crawl.crawl()))
  yield* Console.log(`measured: ${diskSize === size && size > 1000}`)
  yield* Effect.flatMap(Collector.Collector, ({ refresh }) => refresh)
  const { address } = yield* HttpServer.HttpServer
  const client = yield* HttpClient.HttpClient
  const answer = yield* client.get(`${HttpServer.formatAddress(address).replace(/\/$/, "")}/health/ready`)
  yield* Console.log(`ready: ${answer.status} ${yield* answer.text}`)
})

await Effect.runPromise(program.pipe(Effect.provide([server, FetchHttpClient.layer]), Effect.provide(Logger.layer([]))))
