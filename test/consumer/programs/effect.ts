// An Effect program on the published packages: crawls and measures.
import type { HttpClient } from "effect/http"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Crawl, Names, type Registry, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import type { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Console, DateTime, Effect, Layer, Option, Redacted } from "effect"

/** The suites can be imported without the test framework. */
export type Suite = typeof RegistryTest.suite

/** Every adapter provides a layer of a port. */
export const http: Layer.Layer<Registry.Registry, never, HttpClient.HttpClient> = RegistryHttp.layer({
  url: new URL("https://registry.example.com")
})
export const ldap = LdapDirectory.layer({
  url: "ldaps://ldap.example.com",
  baseDn: "dc=example,dc=com",
  group: { _tag: "Anyone" }
})

export const postgres = Postgres.layer({ url: Redacted.make("postgres://user:password@db.example.com/usage") })

const registry = Layer.unwrap(
  Effect.gen(function* () {
    const layer = yield* Images.layer("layer", 1000)
    const image = yield* Images.image({ layers: [layer] })
    const tags = [{ name: Names.TagName.make("latest"), image }]
    return RegistryMemory.layer({ repositories: [{ name: Names.RepositoryName.make("group/app"), tags }] })
  })
)

const program = Effect.gen(function* () {
  const usage = Usage.measure(yield* Crawl.crawl())
  const { diskSize, size } = Usage.total(usage)!
  const store = yield* SnapshotStore.SnapshotStore
  yield* store.save({ takenAt: yield* DateTime.now, duration: 1, stale: false, usage })
  const kept = Option.exists(yield* store.load, (snapshot) => Usage.total(snapshot.usage)?.size === size)
  yield* Console.log(`measured: ${diskSize === size && size > 1000 && kept}`)
})

await Effect.runPromise(Effect.provide(program, [registry, Sqlite.layer({ path: ":memory:" })]))
