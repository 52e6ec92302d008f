import { randomUUID } from "node:crypto"
import { PgClient, type PgConnection } from "@effect/sql-pg"
import { Duration, Effect, type Exit, Queue, Schema, Scope, Stream } from "effect"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"
import { detected, timedOut } from "../database/DatabaseFailure.ts"
import { type PostgresHosts, refusesWrites } from "./PostgresHosts.ts"

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

const makeConnection = (
  session: PgConnection.PgConnection,
  deadline: Duration.Duration,
  retire: () => void,
  abandon: () => void
) => {
  let usable = true
  const bounded = within(deadline, () => {
    usable = false
    retire()
  })
  const run = <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.tapError(bounded(effect), (error) =>
      Effect.sync(() => {
        if (error.reason._tag === "ConnectionError") usable = false
        if (refusesWrites(error)) abandon()
      })
    )
  const rows: SqlConnection.Connection["executeUnprepared"] = (sql, params) =>
    Effect.map(run(session.query(sql, params)), ({ rows }) => rows as ReadonlyArray<any>)
  const values: SqlConnection.Connection["executeValues"] = (sql, params) => run(session.queryValues(sql, params))
  return {
    /** Whether a rollback can still be sent. */
    get usable() {
      return usable
    },
    execute: rows,
    executeUnprepared: rows,
    executeRaw: (sql, params) => run(session.query(sql, params)),
    executeValues: values,
    executeValuesUnprepared: values,
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
export const make = Effect.fnUntraced(function* (hosts: PostgresHosts, deadline: Duration.Duration) {
  const connection = (session: PgConnection.PgConnection, base = session) =>
    makeConnection(
      session,
      deadline,
      () => Effect.runFork(hosts.retire(base)),
      () => Effect.runFork(hosts.abandon(base))
    )
  const get = Effect.timeoutOrElse(hosts.get, {
    duration: deadline,
    orElse: () => Effect.fail(timedOut("PostgreSQL", deadline))
  })
  return yield* SqlClient.make({
    acquirer: Effect.map(get, (session) => connection(session)),
    transactionAcquirer: Effect.flatMap(get, (session) =>
      Effect.map(session.pin, (pinned) => connection(pinned, session))
    ),
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

/** LISTEN hears nothing: a pooler gives each transaction another connection of the server. */
export class Deaf extends Schema.TaggedError<Deaf>()("Deaf", {}) {}

/** How long a notification of this process may take to come back. */
const probeTime = "5 seconds"

/**
 * Emits the notifications of a channel over its own connection, until the connection is lost. `notify` sends one over
 * another connection: fails with `Deaf` if it does not arrive. Closing does not wait for a stalled connection.
 */
export const listen = (
  hosts: PostgresHosts,
  channel: string,
  notify: (message: string) => Effect.Effect<void, SqlError.SqlError>,
  onMessage: (message: string) => Effect.Effect<unknown>,
  begun: Effect.Effect<void>
): Effect.Effect<never, SqlError.SqlError | Deaf> =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Effect.gen(function* () {
        const session = yield* Scope.provide(hosts.open, scope)
        const listening = yield* Scope.make()
        const notifications = yield* Scope.provide(session.listen(channel), listening)
        const probe = `probe ${randomUUID()}`
        yield* notify(probe)
        const next = Effect.flatMap(Queue.take(notifications), ({ payload }) => Effect.as(onMessage(payload), payload))
        yield* Effect.repeat(next, { until: (payload) => payload === probe }).pipe(
          Effect.timeoutOrElse({ duration: probeTime, orElse: () => Effect.fail(new Deaf()) })
        )
        yield* begun
        return yield* Effect.forever(next)
      }),
    // The connection is closed first, so that no UNLISTEN is sent on it.
    (scope, exit) => Scope.close(scope, exit)
  )
