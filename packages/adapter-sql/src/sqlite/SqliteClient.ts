/**
 * A `SqlClient` over the SQLite of Node itself.
 *
 * @since 0.1.0
 */
import { Worker } from "node:worker_threads"
import { OptionRange } from "@gitlab-registry-usage/core"
import { Duration, Effect, Layer, Option, Schedule, type Scope, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { detected, timedOut } from "../database/DatabaseFailure.ts"
import { type Answer, type Question, text } from "./SqliteWorker.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /** The file of the database. A missing directory is created. A database `:memory:` ends with the process. */
  readonly path: string
  /** How long one statement may take. Default 30 seconds. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * A client that can replace a damaged file.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqliteClient extends SqlClient.SqlClient {
  /**
   * Moves a damaged file and its companions (`-wal`, `-shm`) aside and creates an empty one. Returns the path of the
   * old file.
   */
  readonly setAside: Effect.Effect<Option.Option<string>, SqlError.SqlError>
  /** The new path of a file that was damaged when it was opened. */
  readonly movedTo: string | undefined
}

const failure = (error: NonNullable<Answer["error"]>) =>
  new SqlError.SqlError({ reason: SqlError.classifySqliteError(error, { message: `SQLite: ${error.message}` }) })

const lost = (message: string) => detected(SqlError.ConnectionError, message)

/** The rows of a chunk of a stream, as objects. */
const rowsOf = ({ columns = [], rows = [] }: Answer): ReadonlyArray<object> => {
  const width = columns.length
  return Array.from({ length: width === 0 ? 0 : rows.length / width }, (_, i) => {
    const row: Record<string, unknown> = {}
    for (let column = 0; column < width; column++) row[columns[column]!] = rows[i * width + column]
    return row
  })
}

/** Converts values of types that SQLite does not support. */
const bound = (params: ReadonlyArray<unknown>) =>
  params.map((param) => (typeof param === "boolean" ? Number(param) : param === undefined ? null : param))

/**
 * A connection with its own thread, because SQLite in Node blocks. The thread starts with the first request. A thread
 * that does not respond before the deadline is terminated, and the next request starts a new one.
 */
class Connection implements SqlConnection.Connection {
  inTransaction = false
  movedTo: string | undefined
  private worker: Worker | undefined
  private waiting: Array<(answer: Answer | SqlError.SqlError) => void> = []
  private readonly path: string
  private readonly repairs: boolean
  private readonly deadline: Duration.Duration

  constructor(path: string, repairs: boolean, deadline: Duration.Duration) {
    this.path = path
    this.repairs = repairs
    this.deadline = deadline
  }

  private start(): Worker {
    const worker = new Worker(text, { eval: true, name: "sqlite" })
    worker.on("message", (answer: Answer) => {
      if (this.worker !== worker) return
      this.inTransaction = answer.inTransaction
      const next = this.waiting.shift()
      if (this.waiting.length === 0) worker.unref()
      next?.(answer)
    })
    worker.on("error", (error) => this.giveUp(worker, lost(`SQLite: the thread ended: ${error.message}`)))
    worker.on("exit", () => this.giveUp(worker, lost("SQLite: the thread ended")))
    this.worker = worker
    this.post(worker, { _tag: "open", path: this.path, repairs: this.repairs }, (answer) => {
      if (SqlError.isSqlError(answer)) return
      this.movedTo = answer.movedTo
      // The next request opens the database again.
      if (answer.error !== undefined) this.giveUp(worker, failure(answer.error))
    })
    return worker
  }

  private post(worker: Worker, question: Question, answered: (answer: Answer | SqlError.SqlError) => void) {
    if (this.waiting.length === 0) worker.ref()
    this.waiting.push(answered)
    worker.postMessage(question, [])
  }

  private giveUp(worker: Worker, error: SqlError.SqlError) {
    if (this.worker !== worker) return
    this.worker = undefined
    this.inTransaction = false
    const waiting = this.waiting
    this.waiting = []
    for (const answered of waiting) answered(error)
    void worker.terminate()
  }

  ask(question: Question): Effect.Effect<Answer, SqlError.SqlError> {
    return Effect.callback<Answer, SqlError.SqlError>((resume) => {
      this.post(this.worker ?? this.start(), question, (answer) => {
        if (SqlError.isSqlError(answer)) resume(Effect.fail(answer))
        else resume(answer.error === undefined ? Effect.succeed(answer) : Effect.fail(failure(answer.error)))
      })
    }).pipe(
      Effect.timeoutOrElse({
        duration: this.deadline,
        orElse: () =>
          Effect.suspend(() => {
            const error = timedOut("SQLite", this.deadline)
            if (this.worker !== undefined) this.giveUp(this.worker, lost(error.message))
            return Effect.fail(error)
          })
      })
    )
  }

  /** Closes the database, if the thread responds, and ends the thread. */
  get end(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { worker } = this
      if (worker === undefined) return Effect.void
      return this.ask({ _tag: "close" }).pipe(
        Effect.timeout("5 seconds"),
        Effect.ignore,
        Effect.andThen(Effect.sync(() => this.giveUp(worker, lost("SQLite: the connection was closed"))))
      )
    })
  }

  private rows(_tag: "rows" | "values", sql: string, params: ReadonlyArray<unknown>) {
    return Effect.map(this.ask({ _tag, sql, params: bound(params) }), (answer) => answer.rows as ReadonlyArray<any>)
  }

  execute: SqlConnection.Connection["execute"] = (sql, params, transformRows) =>
    Effect.map(this.rows("rows", sql, params), (rows) => (transformRows === undefined ? rows : transformRows(rows)))
  executeRaw: SqlConnection.Connection["executeRaw"] = (sql, params) => this.rows("rows", sql, params)
  executeValues: SqlConnection.Connection["executeValues"] = (sql, params) => this.rows("values", sql, params)
  executeValuesUnprepared = this.executeValues
  executeUnprepared = this.execute
  executeStream: SqlConnection.Connection["executeStream"] = (sql, params) =>
    Stream.paginate<Question, any, SqlError.SqlError>({ _tag: "stream", sql, params: bound(params) }, (question) =>
      Effect.map(this.ask(question), (answer) => [
        rowsOf(answer),
        answer.done === true ? Option.none() : Option.some({ _tag: "next" })
      ])
    ).pipe(Stream.ensuring(Effect.ignore(this.ask({ _tag: "end" }))))
}

/** Leases a connection to one statement or transaction at a time. */
const makeAcquirers = Effect.fnUntraced(function* (connection: Connection) {
  const semaphore = yield* Semaphore.make(1)
  yield* Effect.addFinalizer(() => connection.end)
  return SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore,
    isTransaction: ({ inTransaction }) => inTransaction
  })
})

/**
 * A client with two connections. One is for transactions only, so that a read outside of a transaction does not wait
 * for a long one. Every write must be in a transaction.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<SqliteClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> {
  OptionRange.check("Sqlite", { deadline: [options.deadline, OptionRange.time] })
  const deadline = Duration.fromInputUnsafe(options.deadline ?? "30 seconds")
  const writer = new Connection(options.path, true, deadline)
  const writing = yield* makeAcquirers(writer)
  // A database in memory belongs to one connection.
  const reader = options.path === ":memory:" ? writer : new Connection(options.path, false, deadline)
  const reading = reader === writer ? writing : yield* makeAcquirers(reader)
  // If two processes create the same database, one of them finds it locked.
  yield* writer.execute("SELECT 1", [], undefined).pipe(
    Effect.retry({
      schedule: Schedule.spaced("100 millis"),
      times: 50,
      while: ({ reason }) => reason._tag === "LockTimeoutError"
    })
  )
  const client = yield* SqlClient.make({
    acquirer: reading.acquirer,
    borrower: reading.borrower,
    transactionAcquirer: writing.transactionAcquirer,
    onCommitFailure: writing.onCommitFailure,
    isTransaction: (connection) => (connection as Connection).inTransaction,
    beginTransaction: "BEGIN IMMEDIATE",
    compiler: Statement.makeCompilerSqlite(),
    driver: "sqlite-node",
    spanAttributes: [["db.system.name", "sqlite"]]
  })
  const setAside = Effect.scoped(
    Effect.gen(function* () {
      yield* writing.transactionAcquirer
      if (reader !== writer) {
        yield* reading.acquirer
        yield* reader.end
      }
      return Option.fromNullishOr((yield* writer.ask({ _tag: "setAside" })).movedTo)
    })
  )
  return Object.assign(client, { setAside, movedTo: writer.movedTo })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))
