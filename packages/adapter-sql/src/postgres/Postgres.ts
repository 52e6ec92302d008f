/**
 * All ports of this package over a PostgreSQL database, which any number of replicas share.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import { Duration, Effect, type Layer, PubSub, Redacted, Schedule, type Scope, Stream } from "effect"
import type { Reactivity } from "effect/reactivity"
import { SqlError } from "effect/sql"
import { Database, type DatabaseUnavailable } from "../database/Database.ts"
import { postgres } from "../database/Dialect.ts"
import { describeError } from "../database/DatabaseFailure.ts"
import * as SqlPorts from "../ports/SqlPorts.ts"
import * as PostgresClient from "./PostgresClient.ts"
import { migrate, type SchemaTooNew } from "../database/SqlMigrations.ts"

/** @category models @since 0.1.0 */
export interface Options extends SqlPorts.PortOptions {
  /**
   * `postgres://user:password@host:5432/database`, with `?sslmode=require` or `verify-full` for TLS; either verifies the
   * certificate and the name of the server.
   */
  readonly url: Redacted.Redacted
  /** The schema of the tables; created if it is missing. Default `gitlab_registry_usage`. */
  readonly schema?: string | undefined
  /** How long one statement may take. Default 30 seconds. */
  readonly deadline?: Duration.Input | undefined
  /** How many connections there may be, besides one that listens. Default 4. */
  readonly maxConnections?: number | undefined
}

/** The URL without the password, for messages. */
const describeUrl = (url: Redacted.Redacted): string => {
  try {
    const { host, pathname, username } = new URL(Redacted.value(url))
    return `postgres://${username === "" ? "" : `${username}@`}${host}${pathname}`
  } catch {
    return "postgres"
  }
}

const quoted = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`

/** A name that depends on the schema, of a length that PostgreSQL allows. */
const channelName = (schema: string) =>
  `gitlab_registry_usage_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`

/** Publishes notifications, and connects again whenever the connection is lost. */
const listen = Effect.fnUntraced(function* (
  config: Parameters<typeof PostgresClient.listen>[0],
  channel: string,
  messages: PubSub.PubSub<string>
) {
  let isLost = false
  const report = (lost: boolean, log: Effect.Effect<void>) =>
    Effect.suspend(() => {
      const isChange = lost !== isLost
      isLost = lost
      return isChange ? log : Effect.void
    })
  const begun = report(false, Effect.logInfo("the database sends notifications of other replicas again"))
  const lost = (error: SqlError.SqlError) =>
    report(
      true,
      Effect.logWarning(
        `the database sends no notifications of other replicas; it is polled twice a second: ${describeError(error)}`
      )
    )
  yield* PostgresClient.listen(config, channel, (message) => PubSub.publish(messages, message), begun).pipe(
    Effect.tapError(lost),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.forkScoped
  )
})

/**
 * The database with its tables.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeDatabase = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Database["Service"], SqlError.SqlError | SchemaTooNew, Scope.Scope | Reactivity.Reactivity> {
  const schema = options.schema ?? "gitlab_registry_usage"
  const deadline = Duration.fromInputUnsafe(options.deadline ?? "30 seconds")
  const config = {
    url: options.url,
    connectTimeout: Duration.min(deadline, Duration.seconds(5)),
    keepAlive: "30 seconds",
    applicationName: "gitlab-registry-usage"
  } as const
  const sql = yield* PostgresClient.make({ ...config, maxConnections: options.maxConnections ?? 4 }, deadline)
  const channel = channelName(schema)
  const messages = yield* PubSub.sliding<string>(1024)
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
    Effect.retry({
      schedule: Schedule.spaced("500 millis"),
      times: 20,
      while: (error) => SqlError.isSqlError(error) && error.reason._tag === "ConnectionError"
    })
  )
  yield* listen(config, channel, messages)
  return database
})

/**
 * The database alone, with its tables.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDatabase = (options: Options): Layer.Layer<Database, DatabaseUnavailable | SchemaTooNew> =>
  SqlPorts.layerDatabase(describeUrl(options.url), makeDatabase(options))

/**
 * Every port over one database.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlPorts.Ports, DatabaseUnavailable | SchemaTooNew> =>
  SqlPorts.portsOver(describeUrl(options.url), layerDatabase(options), options)
