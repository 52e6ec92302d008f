import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { SnapshotStoreTest } from "@gitlab-registry-usage/core/conformance"
import { Postgres as Server, Servers } from "@gitlab-registry-usage/test-servers"
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { fresh, schemaOf } from "./databases.ts"

describe.skipIf(Servers.leftOut("postgres"))("PostgreSQL", () => {
  const scope = Scope.makeUnsafe()
  let server: Server.Postgres["Service"]
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.provide(Server.start(), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  SnapshotStoreTest.suite(
    "SqlSnapshotStore in PostgreSQL",
    fresh(
      Effect.sync(() => schemaOf(server)),
      Postgres.layer
    ),
    { fences: true, keepsHistory: true }
  )
})
