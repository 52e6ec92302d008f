import { NodeCrypto, NodeHttpClient } from "@effect/platform-node"
import { describe } from "@effect/vitest"
import { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { DockerRegistry, Servers } from "@gitlab-registry-usage/test-servers"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { RegistryHttp } from "../src/index.ts"
import { fill } from "./fillRegistry.ts"

const everything = {
  users: {
    reader: { password: "reader-secret", grants: (_: string, __: string, actions: ReadonlyArray<string>) => actions }
  }
}

const registry = (options: DockerRegistry.Options, credentials?: RegistryHttp.Options["credentials"]) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start(options)
      yield* fill(server, yield* RegistryTest.repositories)
      return RegistryHttp.layer({ url: server.url, credentials })
    })
  )

describe.skipIf(Servers.leftOut("docker-registry"))("conformance", () => {
  RegistryTest.suite(
    "docker-registry with tokens, over undici",
    Layer.provide(
      registry({ tokens: everything }, { username: "reader", token: Redacted.make("reader-secret") }),
      Layer.merge(NodeHttpClient.layerUndici, NodeCrypto.layerDigest)
    )
  )
  RegistryTest.suite(
    "docker-registry with HTTP Basic, over node:http",
    Layer.provide(
      registry(
        { basic: true },
        {
          username: DockerRegistry.basicAccount.username,
          token: Redacted.make(DockerRegistry.basicAccount.password)
        }
      ),
      NodeHttpClient.layerNodeHttp
    )
  )
  RegistryTest.suite("docker-registry open to all, over fetch", Layer.provide(registry({}), FetchHttpClient.layer))
})
