import { SnapshotStore } from "@gitlab-registry-usage/core"
import { SnapshotStoreTest } from "@gitlab-registry-usage/core/conformance"

SnapshotStoreTest.suite("SnapshotStore.layerMemory", SnapshotStore.layerMemory, { fences: true })

SnapshotStoreTest.suite(
  "SnapshotStore.layerMemoryOf all",
  SnapshotStore.layerMemoryOf({ keep: Number.POSITIVE_INFINITY }),
  { fences: true, keepsHistory: true }
)
