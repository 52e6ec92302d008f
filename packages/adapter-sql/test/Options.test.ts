import { Sqlite, SqlLeadership } from "@gitlab-registry-usage/adapter-sql"
import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"

const sqlite = { path: ":memory:" }
const postgres = { url: Redacted.make("postgres://user@127.0.0.1:1/usage") }

const wrong: ReadonlyArray<readonly [message: string, Layer.Layer<any, any>]> = [
  ["Sqlite: deadline", Sqlite.layer({ ...sqlite, deadline: 0 })],
  ["Sqlite: deadline", Sqlite.layer({ ...sqlite, deadline: Number.NaN })],
  ["LoginAttempts: perUser", Sqlite.layer({ ...sqlite, attempts: { perUser: 0 } })],
  ["SqlLeadership: lease", Layer.provide(SqlLeadership.layer({ lease: "0 seconds" }), Sqlite.layerDatabase(sqlite))],
  ["SqlLeadership: poll", Layer.provide(SqlLeadership.layer({ poll: -1 }), Sqlite.layerDatabase(sqlite))],
  ["Postgres: deadline", Postgres.layer({ ...postgres, deadline: "-1 seconds" })],
  ["Postgres: maxConnections", Postgres.layer({ ...postgres, maxConnections: 0 })]
]

for (const [message, layer] of wrong) {
  it.live(`${message} out of its range is refused at once`, () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(layer)))
      const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      expect(defect).toBeInstanceOf(RangeError)
      expect((defect as Error).message).toMatch(new RegExp(`^${message}: .* is not `))
    })
  )
}
