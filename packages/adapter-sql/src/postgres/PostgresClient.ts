import { PgClient, PgConnection, PgPool } from "@effect/sql-pg"
import { Duration, Effect, type Exit, Queue, Scope, Stream } from "effect"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"
import { detected, timedOut } from "../database/DatabaseFailure.ts"

/**
 * Fails a statement at the deadline, even a COMMIT, which cannot be interrupted: a cut connection never responds. An
 * interruption does not wait for the statement. In both cases `giveUp` runs.
 */
const within = (deadline: Duration.Duration, giveUp: () => void) => {
  const millis = Duration.toMillis(deadline)
  return <A>(effect: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A, SqlError.SqlError> =>
    Effect.flatMap(Effect.forkDetach(effect, { startImmediately: true }), (fiber) =>
      Effect.callback<A, SqlError.SqlError>((resume) => {
        const stop = () => {
          clearTimeout(timer)
          giveUp()
          fiber.interruptUnsafe()
        }
        const timer = setTimeout(() => {
          stop()
          resume(Effect.fail(timedOut("PostgreSQL", deadline)))
        }, millis)
        fiber.addObserver((exit: Exit.Exit<A, SqlError.SqlError>) => {
          clearTimeout(timer)
          resume(exit)
        })
        return Effect.sync(stop)
      })
    )
}

const makeConnection = (session: PgConnection.PgConnection, deadline: Duration.Duration, retire: () => void) => {
  let usable = true
  const bounded = within(deadline, () => {
    usable = false
    retire()
  })
  const run = <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.tapError(bounded(effect), ({ reason }) =>
      Effect.sync(() => {
        if (reason._tag === "ConnectionError") usable = false
      })
    )
  const rows =
    (prepare: boolean): SqlConnection.Connection["executeUnprepared"] =>
    (sql, params) =>
      Effect.map(run(session.query(sql, params, prepare)), ({ rows }) => rows as ReadonlyArray<any>)
  const values =
    (prepare: boolean): SqlConnection.Connection["executeValues"] =>
    (sql, params) =>
      run(session.queryValues(sql, params, prepare))
  return {
    /** Whether a rollback can still be sent. */
    get usable() {
      return usable
    },
    execute: rows(true),
    executeUnprepared: rows(false),
    executeRaw: (sql, params) => run(session.query(sql, params)),
    executeValues: values(true),
    executeValuesUnprepared: values(false),
    executeStream: (sql, params) =>
      Stream.timeoutOrElse(session.stream(sql, params), {
        duration: deadline,
        orElse: () => Stream.fail(timedOut("PostgreSQL", deadline))
      })
  } satisfies SqlConnection.Connection & { readonly usable: boolean }
}

/**
 * A client over a pool of connections. The client of @effect/sql-pg has no deadline for a statement: a silently cut
 * connection would block its user until the kernel stops to retransmit, which takes about 15 minutes.
 */
export const make = Effect.fnUntraced(function* (config: PgPool.Config, deadline: Duration.Duration) {
  const pool = yield* PgPool.make(config)
  const connection = (session: PgConnection.PgConnection) =>
    makeConnection(session, deadline, () => Effect.runFork(pool.invalidate(session)))
  const soon = Effect.timeoutOrElse({ duration: deadline, orElse: () => Effect.fail(timedOut("PostgreSQL", deadline)) })
  return yield* SqlClient.make({
    acquirer: Effect.map(soon(pool.get), connection),
    transactionAcquirer: Effect.map(soon(pool.reserve), connection),
    isTransaction: (connection) => (connection as ReturnType<typeof makeConnection>).usable,
    commit: (connection) =>
      Effect.flatMap(
        connection.executeRaw("COMMIT", []) as Effect.Effect<PgConnection.Result, SqlError.SqlError>,
        ({ command }) =>
          command === "ROLLBACK"
            ? Effect.fail(detected(SqlError.UnknownError, "PostgreSQL: the transaction was taken back"))
            : Effect.void
      ),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: [["db.system.name", "postgresql"]]
  })
})

/**
 * Emits the notifications of a channel over its own connection, until the connection is lost. Closing does not wait for
 * a stalled connection.
 */
export const listen = (
  config: PgConnection.Config,
  channel: string,
  onMessage: (message: string) => Effect.Effect<unknown>,
  begun: Effect.Effect<void>
): Effect.Effect<never, SqlError.SqlError> =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Effect.gen(function* () {
        const session = yield* Scope.provide(PgConnection.make(config), scope)
        const listening = yield* Scope.make()
        const notifications = yield* Scope.provide(session.listen(channel), listening)
        yield* begun
        return yield* Queue.take(notifications).pipe(
          Effect.flatMap(({ payload }) => onMessage(payload)),
          Effect.forever
        )
      }),
    // The connection is closed first, so that no UNLISTEN is sent on it.
    (scope, exit) => Scope.close(scope, exit)
  )
