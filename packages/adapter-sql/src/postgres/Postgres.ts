/**
 * All ports of this package over a PostgreSQL database, which any number of replicas share.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import { OptionRange, Secret } from "@gitlab-registry-usage/core"
import { Duration, Effect, Layer, PubSub, Redacted, Ref, Result, Schedule, type Scope, Stream } from "effect"
import type { Reactivity } from "effect/reactivity"
import { SqlError } from "effect/sql"
import { Database, DatabaseUnavailable } from "../database/Database.ts"
import { postgres } from "../database/Dialect.ts"
import { describeError, detected } from "../database/DatabaseFailure.ts"
import { migrate, type SchemaTooNew } from "../database/SqlMigrations.ts"
import * as SqlPorts from "../ports/SqlPorts.ts"
import * as PostgresClient from "./PostgresClient.ts"
import * as PostgresHosts from "./PostgresHosts.ts"
import * as PostgresTls from "./PostgresTls.ts"
import * as PostgresUrl from "./PostgresUrl.ts"

/** @category models @since 0.1.0 */
export interface Options extends SqlPorts.PortOptions {
  /**
   * `postgres://user:password@host:5432/database?sslmode=verify-full`, as libpq reads it (`PostgresUrl`). An effect is run
   * for the password of each new connection; the rest of the URL is that of the start.
   */
  readonly url: Secret.Secret
  /** The password, if the URL has none. */
  readonly password?: Secret.Secret | undefined
  /** The schema of the tables; created if it is missing. Default `gitlab_registry_usage`. */
  readonly schema?: string | undefined
  /** How long one statement may take. Default 30 seconds. */
  readonly deadline?: Duration.Input | undefined
  /** How many connections there may be, besides one that listens. Default 4. */
  readonly maxConnections?: number | undefined
}

const quoted = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`

/** A name that depends on the schema, of a length that PostgreSQL allows. */
const channelName = (schema: string) =>
  `gitlab_registry_usage_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`

type Reception = "unknown" | "heard" | "lost" | "deaf"

const deaf =
  "the database sends no notifications of other replicas: the URL leads to a pooler that gives each transaction another " +
  "connection (pool_mode = transaction of PgBouncer). It is polled twice a second instead; to be notified, use a URL of " +
  "the server itself, or pool_mode = session for this database"

/** After so many failures, of which each is followed by a statement that succeeds, it is no outage. */
const maximumFailures = 3

/** Fails for a pooler that has no transactions: it closes the connection without an error. */
const checkTransactions = (sql: Database["Service"]["sql"]) => {
  let failures = 0
  return ({ reason }: SqlError.SqlError) =>
    reason._tag !== "ConnectionError"
      ? Effect.void
      : Effect.flatMap(Effect.isSuccess(sql`SELECT 1`), (answers) => {
          failures = answers ? failures + 1 : 0
          return failures < maximumFailures ? Effect.void : Effect.fail(detected(SqlError.UnknownError, noTransactions))
        })
}

const noTransactions =
  "it answers statements, but closes the connection for a transaction: the URL leads to a pooler with " +
  "pool_mode = statement; use transaction or session"

/** Publishes notifications, and connects again whenever the connection is lost. */
const listen = Effect.fnUntraced(function* (
  hosts: PostgresHosts.PostgresHosts,
  channel: string,
  notify: Database["Service"]["notify"],
  messages: PubSub.PubSub<string>,
  reception: Ref.Ref<Reception>
) {
  const report = (now: Reception, log: Effect.Effect<void>) =>
    Effect.flatMap(Ref.getAndSet(reception, now), (before) =>
      before === now || (before === "unknown" && now === "heard") ? Effect.void : log
    )
  const begun = report("heard", Effect.logInfo("the database sends notifications of other replicas again"))
  const failed = (error: SqlError.SqlError | PostgresClient.Deaf) =>
    error._tag === "Deaf"
      ? Effect.andThen(report("deaf", Effect.logWarning(deaf)), Effect.sleep("5 minutes"))
      : Effect.andThen(
          report(
            "lost",
            Effect.logWarning(
              `the database sends no notifications of other replicas; it is polled twice a second: ${describeError(error)}`
            )
          ),
          Effect.sleep("1 second")
        )
  yield* PostgresClient.listen(hosts, channel, notify, (message) => PubSub.publish(messages, message), begun).pipe(
    Effect.catch(failed),
    Effect.forever,
    Effect.forkScoped
  )
})

/** The parts of the URL, and an effect with the password of the next connection. */
const connectionOf = Effect.fnUntraced(function* ({ password, url }: Options) {
  const parsed = Effect.map(Secret.current(url), PostgresUrl.parse)
  const target = yield* parsed
  if (Result.isFailure(target)) {
    return yield* new DatabaseUnavailable({ database: "postgres", detail: `url: ${target.failure.join("; ")}` })
  }
  const none = Redacted.make("")
  let place = PostgresUrl.format(target.success)
  const ofUrl = Effect.gen(function* () {
    const now = Result.getOrElse(yield* parsed, () => target.success)
    const before = place
    place = PostgresUrl.format(now)
    if (place !== before) {
      yield* Effect.logWarning(
        `the URL leads to ${place} now: a restart is needed for other hosts, users and databases`
      )
    }
    return now.password ?? none
  })
  return { target: target.success, password: password === undefined ? ofUrl : Secret.current(password) }
})

/**
 * The database with its tables.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeDatabase = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<
  Database["Service"],
  SqlError.SqlError | DatabaseUnavailable | SchemaTooNew,
  Scope.Scope | Reactivity.Reactivity
> {
  const { password, target } = yield* connectionOf(options)
  const schema = options.schema ?? "gitlab_registry_usage"
  OptionRange.check("Postgres", {
    deadline: [options.deadline, OptionRange.time],
    maxConnections: [options.maxConnections, OptionRange.concurrency]
  })
  const deadline = Duration.fromInputUnsafe(options.deadline ?? "30 seconds")
  const tls = yield* Effect.mapError(
    PostgresTls.make(target),
    (detail) => new DatabaseUnavailable({ database: PostgresUrl.format(target), detail })
  )
  const hosts = yield* PostgresHosts.make(
    target,
    {
      username: target.username,
      // The driver runs this before each connection.
      password: Effect.andThen(tls.renew, password),
      database: target.database,
      startupOptions: target.options,
      connectTimeout: Duration.min(deadline, target.connectTimeout ?? Duration.seconds(5)),
      keepAlive: "30 seconds",
      applicationName: target.applicationName ?? "gitlab-registry-usage",
      // A pooler may give each transaction another connection, which does not have what was prepared.
      prepare: false,
      maxConnections: options.maxConnections ?? 4
    },
    tls.options
  )
  const sql = yield* PostgresClient.make(hosts, deadline)
  const channel = channelName(schema)
  const messages = yield* PubSub.sliding<string>(1024)
  const reception = yield* Ref.make<Reception>("unknown")
  // A replica that dies within a transaction must not block the others.
  const limits = sql`
    SELECT set_config('lock_timeout', ${`${Duration.toMillis(deadline)}`}, true),
      set_config('idle_in_transaction_session_timeout', ${`${Duration.toMillis(deadline)}`}, true)`
  const lock = sql`SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${channel}, 0))`
  const exclusively: Database["Service"]["exclusively"] = (effect) =>
    sql.withTransaction(Effect.andThen(Effect.andThen(limits, lock), effect))
  const database = Database.of({
    sql,
    dialect: postgres,
    table: (name) => sql.literal(`${quoted(schema)}.${name}`),
    exclusively,
    write: (statement) => statement,
    notify: (message) => Effect.asVoid(sql`SELECT 1 FROM pg_notify(${channel}, ${message})`),
    notifications: Stream.fromPubSub(messages),
    hears: Effect.map(Ref.get(reception), (reception) => reception === "heard"),
    reachesOthers: true,
    setAside: undefined
  })
  yield* exclusively(
    Effect.gen(function* () {
      // A user without the right to create a schema may still use one.
      const found = yield* sql`SELECT 1 FROM pg_namespace WHERE nspname = ${schema}`.values
      if (found.length === 0) yield* sql`CREATE SCHEMA ${sql.literal(quoted(schema))}`
    })
  ).pipe(
    Effect.andThen(migrate(database)),
    Effect.tapErrorTag("SqlError", checkTransactions(sql)),
    Effect.retry({
      schedule: Schedule.spaced("500 millis"),
      times: 20,
      while: (error) =>
        SqlError.isSqlError(error) && (error.reason._tag === "ConnectionError" || PostgresHosts.refusesWrites(error))
    })
  )
  yield* listen(hosts, channel, database.notify, messages, reception)
  return database
})

/** The URL without the password, for messages. */
const describe = ({ url }: Options): Effect.Effect<string> =>
  Effect.map(Secret.current(url), (url) =>
    Result.match(PostgresUrl.parse(url), { onFailure: () => "postgres", onSuccess: PostgresUrl.format })
  )

/**
 * The database alone, with its tables.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDatabase = (options: Options): Layer.Layer<Database, DatabaseUnavailable | SchemaTooNew> =>
  Layer.unwrap(Effect.map(describe(options), (name) => SqlPorts.layerDatabase(name, makeDatabase(options))))

/**
 * Every port over one database.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlPorts.Ports, DatabaseUnavailable | SchemaTooNew> =>
  Layer.unwrap(Effect.map(describe(options), (name) => SqlPorts.portsOver(name, layerDatabase(options), options)))
