/**
 * All ports of this package over a SQLite database, for one server. The history survives a restart.
 *
 * @since 0.1.0
 */
import { Effect, type Layer, Option, PubSub, Stream } from "effect"
import { Database, type DatabaseUnavailable } from "../database/Database.ts"
import { sqlite } from "../database/Dialect.ts"
import * as SqlPorts from "../ports/SqlPorts.ts"
import { salvage } from "./Salvage.ts"
import * as SqliteClient from "./SqliteClient.ts"
import { migrate, type SchemaTooNew } from "../database/SqlMigrations.ts"

/** @category models @since 0.1.0 */
export interface Options extends SqlPorts.PortOptions, SqliteClient.Options {}

/**
 * The database with its tables. A file that is damaged, or no database, is moved to `<path>.corrupt-<milliseconds>`; what
 * can be read of it is copied into the new one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeDatabase = Effect.fnUntraced(function* (options: Options) {
  const client = yield* SqliteClient.make(options)
  const messages = yield* PubSub.sliding<string>(1024)
  const database = Database.of({
    sql: client,
    dialect: sqlite,
    table: (name) => client.literal(name),
    exclusively: client.withTransaction,
    write: client.withTransaction,
    notify: (message) => client.afterCommit(Effect.asVoid(PubSub.publish(messages, message))),
    notifications: Stream.fromPubSub(messages),
    hears: Effect.succeed(true),
    reachesOthers: false,
    setAside: Effect.tap(client.setAside, (movedTo) => Effect.orDie(begin(Option.getOrUndefined(movedTo))))
  })
  /** Creates the tables, and fills them from a damaged file. */
  const begin = Effect.fnUntraced(function* (movedTo: string | undefined) {
    yield* migrate(database)
    if (movedTo !== undefined) yield* salvage(movedTo, options.path)
  })
  yield* begin(client.movedTo)
  return database
})

/**
 * The database alone, with its tables.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDatabase = (options: Options): Layer.Layer<Database, DatabaseUnavailable | SchemaTooNew> =>
  SqlPorts.layerDatabase(options.path, makeDatabase(options))

/**
 * Every port over one database.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlPorts.Ports, DatabaseUnavailable | SchemaTooNew> =>
  SqlPorts.portsOver(options.path, layerDatabase(options), options)
