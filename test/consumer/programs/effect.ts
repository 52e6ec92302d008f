// An Effect program on the published packages: crawls and measures.
import type { HttpClient } from "effect/http"
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Crawl, Names, type Registry, Usage } from "@gitlab-registry-usage/core"
import type { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Console, Effect, Layer } from "effect"

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

const program = Effect.gen(function* () {
  const { diskSize, size } = Usage.total(Usage.measure(yield* Crawl.crawl()))
  yield* Console.log(`measured: ${diskSize === size && size > 1000}`)
})

await Effect.runPromise(Effect.provide(program, registry))
