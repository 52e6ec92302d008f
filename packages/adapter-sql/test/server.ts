import { Postgres } from "@gitlab-registry-usage/test-servers"
import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"

/** A server for all tests of a file. */
export const startOnce = (): Effect.Effect<Postgres.Postgres["Service"]> => {
  const scope = Scope.makeUnsafe()
  let server: Postgres.Postgres["Service"] | undefined
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.provide(Postgres.start(), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.sync(() => server!)
}
