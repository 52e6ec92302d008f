import { Effect } from "effect"
import { Names, Registry } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import catalog from "./catalog.json" with { type: "json" }
import collector from "./original-collector-0.1.5.json" with { type: "json" }

export { catalog, collector }

type Tags = Record<string, { layers: ReadonlyArray<{ digest: string; size: number }> }>

/**
 * A registry of the recorded shape: the same names, sharing and sizes of layers, in the order in which the original
 * listed them. The contents were random bytes, so these are others of the same sizes.
 */
export const repositories = Effect.forEach(collector.catalog, (name) =>
  Effect.gen(function* () {
    const { tags, ...rest } = (catalog.repositories as Record<string, { tags: Tags; tagsDirMissing?: boolean }>)[name]!
    const listed = (collector.layers as Record<string, Record<string, unknown> | null>)[name]
    return {
      name: Names.RepositoryName.make(name),
      unreadable:
        rest.tagsDirMissing === true ? new Registry.NotFound({ detail: "repository name not known" }) : undefined,
      tags: yield* Effect.forEach(Object.keys(listed ?? {}), (tag) =>
        Effect.gen(function* () {
          const layers = yield* Effect.forEach(tags[tag]!.layers, ({ digest, size }) => Images.layer(digest, size))
          return { name: Names.TagName.make(tag), image: yield* Images.image({ layers, flavour: "docker" }) }
        })
      )
    } satisfies Images.Repository
  })
)
