/**
 * The `Revocation` port over SQL.
 *
 * @since 0.1.0
 */
import { Revocation } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Layer, Ref, type Scope, Stream } from "effect"
import type { SqlError } from "effect/sql"
import { Database } from "../database/Database.ts"
import { describeError, recoverSqlDefects } from "../database/DatabaseFailure.ts"

const revoked = "revoked"

/**
 * Reads the instant before it returns, so that tokens that were revoked earlier are refused from the start.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Revocation.Revocation["Service"], SqlError.SqlError, Database | Scope.Scope> =
  Effect.gen(function* () {
    const { exclusively, notifications, sql, table, notify } = yield* Database
    const known = yield* Ref.make(Revocation.never)
    const forward = (instant: DateTime.Utc) => Ref.update(known, (before) => DateTime.max(before, instant))
    const read = Effect.gen(function* () {
      const [row] = yield* sql`SELECT max(not_before) FROM ${table("revocation")}`.values
      if (row?.[0] != null) yield* forward(DateTime.makeUnsafe(Number(row[0])))
    })
    yield* read
    const revocations = Stream.filter(notifications, (message) => message === revoked)
    // While the database does not respond, the last known instant applies.
    yield* Stream.merge(Stream.tick("500 millis"), revocations).pipe(
      Stream.runForEach(() => Effect.ignore(read)),
      Effect.forkScoped
    )
    return Revocation.Revocation.of({
      notBefore: Ref.get(known),
      revoke: (instant) =>
        exclusively(
          Effect.gen(function* () {
            const millis = DateTime.toEpochMillis(instant)
            yield* sql`INSERT INTO ${table("revocation")} (id, not_before) VALUES (1, ${millis})
              ON CONFLICT (id) DO UPDATE SET not_before = excluded.not_before
              WHERE excluded.not_before > ${table("revocation")}.not_before`
            yield* notify(revoked)
          })
        ).pipe(
          recoverSqlDefects,
          Effect.catch((error) => Effect.fail(new Revocation.RevocationError({ detail: describeError(error) }))),
          Effect.andThen(forward(instant))
        )
    })
  })

/**
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Revocation.Revocation, SqlError.SqlError, Database> = Layer.effect(
  Revocation.Revocation,
  make
)
