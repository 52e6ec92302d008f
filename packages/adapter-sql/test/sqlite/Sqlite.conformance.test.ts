import { Sqlite, SqlLeadership } from "@gitlab-registry-usage/adapter-sql"
import { LeadershipTest } from "@gitlab-registry-usage/core/conformance"
import { Effect, Layer } from "effect"
import { file } from "../databases.ts"
import * as Suites from "../suites.ts"

Suites.all("in memory", Effect.succeed({ path: ":memory:" }), Sqlite.layer, { isShared: false })
Suites.all("in a file", file, Sqlite.layer, { hears: false })

LeadershipTest.suite(
  "SqlLeadership in one process",
  Effect.map(Layer.build(Layer.fresh(Sqlite.layerDatabase({ path: ":memory:" }))), (database) =>
    Effect.provide(SqlLeadership.make({ lease: "1500 millis" }), database)
  )
)
