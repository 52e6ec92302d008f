/**
 * A registry with GitLab's metadata database: the embedded one of the demonstration, for there is no other to install.
 */
import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Account, DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"

const imagesOf = Effect.fnUntraced(function* (options: {
  readonly repositories: number
  readonly tagsPerRepository: number
}) {
  const layer = yield* Images.layer("base", 100)
  return yield* Effect.forEach(
    Array.from({ length: options.repositories }, (_, r) => r),
    (r) =>
      Effect.map(
        Effect.forEach(
          Array.from({ length: options.tagsPerRepository }, (_, tag) => tag),
          (tag) =>
            Effect.map(Images.image({ layers: [layer], config: { r, tag } }), (image) => ({
              name: Names.TagName.make(`v1.${tag}.0`),
              image
            }))
        ),
        (tags) => ({ name: Names.RepositoryName.make(`group-${Math.floor(r / 100)}/project-${r}`), tags })
      )
  )
})

/**
 * Starts the registry on a free port; it stops when the scope closes. It is part of this process, so that times of a
 * crawl would be times of both.
 */
export const start = Effect.fnUntraced(function* (options: {
  readonly repositories: number
  readonly tagsPerRepository: number
}) {
  const repositories = yield* imagesOf(options)
  const context = yield* Layer.build(
    DemoRegistry.layer({ repositories, accounts: [Account.administrator], metadataDatabase: true }).pipe(
      Layer.provide(NodeHttpServer.layerServer(createServer, { port: 0, host: "127.0.0.1" }))
    )
  )
  const { credentials, url } = yield* Effect.provide(DemoRegistry.DemoRegistry, context)
  return { url: new URL(url), credentials }
})
