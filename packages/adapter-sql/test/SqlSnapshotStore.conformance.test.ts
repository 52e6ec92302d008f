import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { SnapshotStoreTest } from "@gitlab-registry-usage/core/conformance"
import { file, fresh } from "./databases.ts"

const options = { fences: true, keepsHistory: true }

SnapshotStoreTest.suite("SqlSnapshotStore in memory", Sqlite.layer({ path: ":memory:" }), options)
SnapshotStoreTest.suite("SqlSnapshotStore in a file", fresh(file, Sqlite.layer), options)
