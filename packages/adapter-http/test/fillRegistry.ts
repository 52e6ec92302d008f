import type { Images } from "@gitlab-registry-usage/core/testing"
import { Images as Make } from "@gitlab-registry-usage/core/testing"
import type { DockerRegistry } from "@gitlab-registry-usage/test-servers"
import { Effect } from "effect"

/** Pushes repositories. One without tags is pushed to and deleted from, for only so a registry has it. */
export const fill = Effect.fnUntraced(function* (
  server: DockerRegistry.DockerRegistry,
  repositories: ReadonlyArray<Images.Repository>
) {
  for (const { name, tags } of repositories) {
    for (const tag of tags) yield* server.push(name, tag.name, tag.image)
    if (tags.length > 0) continue
    const image = yield* Make.image({ layers: [] })
    yield* server.push(name, "deleted", image)
    yield* server.remove(name, image.digest)
  }
})
