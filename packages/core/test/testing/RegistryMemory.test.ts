import { RegistryTest } from "@gitlab-registry-usage/core/conformance"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect, Layer } from "effect"

const filled = (options: Omit<RegistryMemory.Options, "repositories">) =>
  Layer.unwrap(
    Effect.map(RegistryTest.repositories, (repositories) => RegistryMemory.layer({ ...options, repositories }))
  )

RegistryTest.suite("memory", filled({}))

RegistryTest.suite("memory, telling digests with tags", filled({ listDigests: true }))
