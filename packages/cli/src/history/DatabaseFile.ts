/**
 * The SQLite file in which a server keeps its snapshots. Loaded only by commands that read one.
 *
 * The adapter is that of the server: it makes what is missing and sets aside what is damaged. Neither is for a reader to
 * do, so the file is looked at first, opened for reading only.
 */
import { Database, Sqlite, SqlMigrations, SqlSnapshotStore } from "@gitlab-registry-usage/adapter-sql"
import type { SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Context, Effect, FileSystem, Layer } from "effect"
import { Status, CommandFailure, usageError } from "../output/CommandFailure.ts"

const magic = "SQLite format 3\0"

/** All of a file up to this size is checked, as by the adapter when it opens one. */
const checkedSize = 64 * 1024 * 1024

/** SQLite in Node tells that it is experimental, and nobody can act on that. */
const sqlite = () => {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The version of the tables, undefined where there are none; what is damaged throws. */
const versionOf = (path: string, isChecked: boolean): number | undefined => {
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

/** Fails with status 2 where the file is not there or no database of a server that is at least as new as this program. */
const examine = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const { first, size } = yield* Effect.gen(function* () {
    // SQLite writes beside a file that it reads while a server writes it.
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
    try: () => versionOf(path, size <= checkedSize),
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

/**
 * The store in this file, as which nothing is written by what only reads.
 */
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
