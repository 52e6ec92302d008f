import { SnapshotStore } from "@gitlab-registry-usage/core"
import { SnapshotStoreTest } from "@gitlab-registry-usage/core/conformance"

SnapshotStoreTest.suite("SnapshotStore.layerMemory", SnapshotStore.layerMemory)
