import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { schemaOf } from "../databases.ts"
import { startOnce } from "../server.ts"
import * as Suites from "../suites.ts"

describe.skipIf(Servers.leftOut("postgres"))("PostgreSQL", () => {
  const server = startOnce()
  Suites.all("in PostgreSQL", Effect.map(server, schemaOf), Postgres.layer)
})
