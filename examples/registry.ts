// The registry of the environment: REGISTRY_URL, REGISTRY_USER, REGISTRY_TOKEN, and GITLAB_URL where it has another host.
import { NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Config, Effect, Layer } from "effect"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.URL("REGISTRY_URL")
    return RegistryHttp.layer({
      url,
      gitlabUrl: yield* Config.URL("GITLAB_URL").pipe(Config.withDefault(url)),
      credentials: { username: yield* Config.String("REGISTRY_USER"), token: yield* Config.Redacted("REGISTRY_TOKEN") }
    })
  })
).pipe(Layer.provide(NodeHttpClient.layerUndici))
