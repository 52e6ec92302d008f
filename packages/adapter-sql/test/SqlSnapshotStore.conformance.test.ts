import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { SnapshotStoreTest } from "@gitlab-registry-usage/core/conformance"

const options = { fences: true, keepsHistory: true }

SnapshotStoreTest.suite("SqlSnapshotStore in memory", Sqlite.layer({ path: ":memory:" }), options)
