/**
 * The SQLite file with the snapshots of a server. Loaded only by commands that read one.
 *
 * The server's adapter creates a missing file and sets a damaged one aside. A reader must do neither, so the file is first
 * opened read-only and checked.
 */
import { Database, Sqlite, SqlMigrations, SqlSnapshotStore } from "@gitlab-registry-usage/adapter-sql"
import type { SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Context, Effect, FileSystem, Layer } from "effect"
import { Status, CommandFailure, usageError } from "../output/CommandFailure.ts"

const magic = "SQLite format 3\0"

/** The maximum size (bytes) of a file that is checked as a whole, which the adapter does too. */
const checkedSize = 64 * 1024 * 1024

/** Loads SQLite without Node's warning that it is experimental, which a user cannot act on. */
const sqlite = () => {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The version of the schema, undefined where there is none. Throws for a damaged file. */
const readVersion = (path: string, isChecked: boolean): number | undefined => {
  const { DatabaseSync } = sqlite()
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  try {
    if (isChecked) {
      const [verdict] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})
      if (verdict !== "ok") throw new Error(String(verdict))
    }
    const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'schema_version'").get()
    if (Number(tables?.["n"]) === 0) return undefined
    return Number(database.prepare("SELECT version FROM schema_version").get()?.["version"])
  } finally {
    database.close()
  }
}

const refused = (message: string, hint?: string) => usageError(`--database: ${message}`, hint)

/** Fails with status 2 where the file is missing, is not a server's database, or is older than this program. */
const examine = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const { first, size } = yield* Effect.gen(function* () {
    // To read a file that a server writes, SQLite writes a file beside it.
    yield* fs.access(path, { readable: true, writable: true })
    const file = yield* fs.open(path, { flag: "r" })
    const buffer = new Uint8Array(magic.length)
    yield* file.read(buffer)
    return { first: new TextDecoder().decode(buffer), size: Number((yield* file.stat).size) }
  }).pipe(
    Effect.scoped,
    Effect.mapError(({ reason }) =>
      reason._tag === "PermissionDenied"
        ? new CommandFailure({ status: Status.denied, message: `--database: ${path} may not be read and written` })
        : refused(`${path} cannot be read (${reason._tag})`)
    )
  )
  const hint = "name the file of a server's [database]"
  if (first !== magic) return yield* refused(`${path} is no SQLite database`, hint)
  const version = yield* Effect.try({
    try: () => readVersion(path, size <= checkedSize),
    catch: (cause) => refused(`${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`)
  })
  if (version === undefined) return yield* refused(`${path} is not the database of a server`, hint)
  if (version < SqlMigrations.version) {
    return yield* refused(
      `${path} is of an earlier version of the server (${version}, and this program reads ${SqlMigrations.version})`,
      "start a server of this version on it, or use the program of that version"
    )
  }
})

/** The store in this file, for reading. */
export const layer = (options: {
  readonly path: string
  readonly accounting: Usage.Accounting
}): Layer.Layer<SnapshotStore.SnapshotStore, CommandFailure, FileSystem.FileSystem> => {
  const database = Layer.effectContext(
    Effect.gen(function* () {
      yield* examine(options.path)
      const context = yield* Layer.build(Sqlite.layerDatabase(options)).pipe(
        Effect.mapError((error) =>
          error._tag === "SchemaTooNew"
            ? refused(error.message)
            : new CommandFailure({ status: Status.unreachable, message: `--database: ${error.message}` })
        )
      )
      const opened = Context.get(context, Database.Database)
      return Context.make(Database.Database, { ...opened, setAside: undefined })
    })
  )
  return SqlSnapshotStore.layer(options).pipe(Layer.provide(database))
}
