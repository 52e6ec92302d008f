import { Effect } from "effect"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"

export const { repository } = Images

/** Images of every kind that share a base layer. */
export const images = Effect.gen(function* () {
  const base = yield* Images.layer("base", 5000)
  const app = yield* Images.layer("app", 300)
  const arm = yield* Images.layer("arm", 400)
  const docker = yield* Images.image({ layers: [base, app], flavour: "docker", config: { docker: true } })
  const amd64 = yield* Images.image({ layers: [base, app] })
  const arm64 = yield* Images.image({ layers: [base, arm] })
  const attestation = yield* Images.attestation(amd64)
  const multi = yield* Images.index({
    images: [
      { image: amd64, platform: "linux/amd64" },
      { image: arm64, platform: "linux/arm64/v8" }
    ],
    attestations: [{ attestation, of: amd64 }]
  })
  const nested = yield* Images.index({ images: [{ image: multi }, { image: docker }] })
  const cache = yield* Images.buildkitCache([base, arm])
  const foreign = yield* Images.image({ layers: [app], foreign: [yield* Images.layer("windows", 7000)] })
  const schema1 = yield* Images.schema1("group/old", [base, app, base])
  return { base, app, arm, docker, amd64, arm64, attestation, multi, nested, cache, foreign, schema1 }
})

/** Counts the operations of a registry in memory by name. */
export const counting = (options: RegistryMemory.Options) => {
  const counts: Partial<Record<RegistryMemory.Operation, number>> = {}
  const layer = RegistryMemory.layer({
    ...options,
    before: (operation, target) => {
      counts[operation] = (counts[operation] ?? 0) + 1
      return options.before?.(operation, target) ?? Effect.void
    }
  })
  return { counts, layer }
}
