/** A registry whose names look like paths of the API. */
import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect, Layer } from "effect"
import { appLayer } from "../app.ts"

export const long = `group/${"x".repeat(200)}/${"y".repeat(40)}`
export const longTag = "t".repeat(128)

export const repositories = Effect.gen(function* () {
  const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
  const repository = (name: string, ...tags: ReadonlyArray<string>): Images.Repository => ({
    name: Names.RepositoryName.make(name),
    tags: tags.map((tag) => ({ name: Names.TagName.make(tag), image }))
  })
  return [
    repository("group/app", "1.0", "latest"),
    repository("plain", "latest"),
    repository("group/tags/inner", "tags"),
    repository("foo/tags", "tags"),
    repository("foo", "bar"),
    repository("a/b", "c"),
    repository("a/b/tags/c", "x"),
    repository(long, longTag),
    repository("empty")
  ]
})

export const app = Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories })))
