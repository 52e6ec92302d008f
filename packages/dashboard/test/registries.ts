/** Registries of any size. */
import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"

/**
 * `count` repositories in groups of projects, with `tags` tags each. All share one layer, those of a project another one;
 * each tag has a layer of its own.
 */
export const repositories = (count: number, tags: number): Promise<ReadonlyArray<Images.Repository>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const base = yield* Images.layer("base", 4_000)
      return yield* Effect.forEach(
        Array.from({ length: count }, (_, i) => i),
        Effect.fnUntraced(function* (i) {
          const group = i % 17
          const project = i % 119
          const middle = yield* Images.layer(`project ${project}`, 1_000 + 20 * project)
          const images = yield* Effect.forEach(
            Array.from({ length: tags }, (_, t) => t),
            Effect.fnUntraced(function* (t) {
              const own = yield* Images.layer(`${i}/${t}`, 64 + ((i * 7919 + t * 104_729) % 1_500))
              return yield* Images.image({ layers: [base, middle, own] })
            })
          )
          return {
            name: Names.RepositoryName.make(`group-${group}/project-${project}/service-${i}`),
            tags: images.map((image, t) => ({ name: Names.TagName.make(`1.${t}.0`), image }))
          }
        })
      )
    })
  )
