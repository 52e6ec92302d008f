import { PgClient, PgConnection, PgPool } from "@effect/sql-pg"
import { Duration, Effect, type Exit, Queue, Scope, Stream } from "effect"
import type { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"

const timedOut = (deadline: Duration.Duration) => {
  const message = `PostgreSQL: no answer within ${Duration.format(deadline)}`
  return new SqlError.SqlError({
    reason: new SqlError.StatementTimeoutError({ message, cause: new Error(message) })
  })
}

/**
 * A statement that is given up when it takes too long, also where it may not be interrupted, as the end of a transaction:
 * a connection that is cut never answers. An interruption does not wait for it either.
 * Either way `giveUp` runs.
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
          resume(Effect.fail(timedOut(deadline)))
        }, millis)
        fiber.addObserver((exit: Exit.Exit<A, SqlError.SqlError>) => {
          clearTimeout(timer)
          resume(exit)
        })
        return Effect.sync(stop)
      })
    )
}

class Connection implements SqlConnection.Connection {
  /** Whether a rollback can still be sent. */
  usable = true
  private readonly session: PgConnection.PgConnection
  private readonly deadline: Duration.Duration
  private readonly run: <A>(effect: Effect.Effect<A, SqlError.SqlError>) => Effect.Effect<A, SqlError.SqlError>

  constructor(session: PgConnection.PgConnection, deadline: Duration.Duration, retire: () => void) {
    this.session = session
    this.deadline = deadline
    const bounded = within(deadline, () => {
      this.usable = false
      retire()
    })
    this.run = (effect) =>
      Effect.tapError(bounded(effect), ({ reason }) =>
        Effect.sync(() => {
          if (reason._tag === "ConnectionError") this.usable = false
        })
      )
  }

  private rows(
    sql: string,
    params: ReadonlyArray<unknown>,
    prepare: boolean
  ): Effect.Effect<ReadonlyArray<any>, SqlError.SqlError> {
    return Effect.map(this.run(this.session.query(sql, params, prepare)), ({ rows }) => rows)
  }

  execute: SqlConnection.Connection["execute"] = (sql, params) => this.rows(sql, params, true)
  executeUnprepared: SqlConnection.Connection["executeUnprepared"] = (sql, params) => this.rows(sql, params, false)
  executeRaw: SqlConnection.Connection["executeRaw"] = (sql, params) => this.run(this.session.query(sql, params))
  executeValues: SqlConnection.Connection["executeValues"] = (sql, params) =>
    this.run(this.session.queryValues(sql, params))
  executeValuesUnprepared: SqlConnection.Connection["executeValuesUnprepared"] = (sql, params) =>
    this.run(this.session.queryValues(sql, params, false))
  executeStream: SqlConnection.Connection["executeStream"] = (sql, params) =>
    Stream.timeoutOrElse(this.session.stream(sql, params), {
      duration: this.deadline,
      orElse: () => Stream.fail(timedOut(this.deadline))
    })
}

/**
 * A client over a pool of connections. That of @effect/sql-pg has no deadline for a statement, without which a connection
 * that is cut in silence blocks its user for as long as the kernel sends again: a quarter of an hour.
 */
export const make = Effect.fnUntraced(function* (
  config: PgPool.Config,
  deadline: Duration.Duration
): Effect.fn.Return<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> {
  const pool = yield* PgPool.make(config)
  const connection = (session: PgConnection.PgConnection) =>
    new Connection(session, deadline, () => Effect.runFork(pool.invalidate(session)))
  const soon = Effect.timeoutOrElse({ duration: deadline, orElse: () => Effect.fail(timedOut(deadline)) })
  return yield* SqlClient.make({
    acquirer: Effect.map(soon(pool.get), connection),
    transactionAcquirer: Effect.map(soon(pool.reserve), connection),
    isTransaction: (connection) => (connection as Connection).usable,
    commit: (connection) =>
      Effect.flatMap(
        connection.executeRaw("COMMIT", []) as Effect.Effect<PgConnection.Result, SqlError.SqlError>,
        ({ command }) => {
          if (command !== "ROLLBACK") return Effect.void
          const message = "PostgreSQL: the transaction was taken back"
          return Effect.fail(
            new SqlError.SqlError({ reason: new SqlError.UnknownError({ message, cause: new Error(message) }) })
          )
        }
      ),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: [["db.system.name", "postgresql"]]
  })
})

/**
 * Passes on the notifications of a channel, over a connection of its own, until that is lost. A connection that is
 * stalled is not waited for.
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
    // The connection is closed before what would say good-bye on it.
    (scope, exit) => Scope.close(scope, exit)
  )
