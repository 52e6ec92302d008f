/** A request to the worker. `open` comes first; `next` reads the next chunk of a `stream`. */
export type Question =
  | { readonly _tag: "open"; readonly path: string; readonly repairs: boolean }
  | { readonly _tag: "rows" | "values"; readonly sql: string; readonly params: ReadonlyArray<unknown> }
  | { readonly _tag: "stream"; readonly sql: string; readonly params: ReadonlyArray<unknown> }
  | { readonly _tag: "next" | "end" | "close" | "setAside" }

/**
 * The response of the worker. The rows of a stream are one flat list of values; `columns` names the values of a row. A
 * flat list of a few thousand values is passed between threads in a third of the time that objects take. `movedTo` is
 * the new path of a damaged file; `done` says whether a stream has ended.
 */
export interface Answer {
  readonly error?: { readonly message: string; readonly code: string; readonly errno: number | undefined } | undefined
  readonly rows?: ReadonlyArray<unknown> | undefined
  readonly columns?: ReadonlyArray<string> | undefined
  readonly done?: boolean | undefined
  readonly movedTo?: string | undefined
  readonly inTransaction: boolean
}

/**
 * The program of the worker, which processes one request at a time. It is passed as text, so that a bundled package
 * needs no separate file; it must not refer to anything outside of itself.
 */
const program = () => {
  // SQLite in Node warns once in each thread that it is experimental.
  process.removeAllListeners("warning")
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
  const fs = process.getBuiltinModule("node:fs")
  const { dirname } = process.getBuiltinModule("node:path")
  const port = process.getBuiltinModule("node:worker_threads").parentPort!

  /**
   * Files up to this size, in bytes, are checked completely when they are opened, which takes some tenths of a second.
   */
  const checkedSize = 64 * 1024 * 1024
  const pieceOfRows = 2000
  const keptStatements = 100
  type Statement = ReturnType<InstanceType<typeof DatabaseSync>["prepare"]>
  type Database = InstanceType<typeof DatabaseSync>

  let path = ""
  let database: Database | undefined
  let rows: Iterator<unknown> | undefined
  let columns: ReadonlyArray<string> = []
  const statements = new Map<string, Statement>()

  const open = () => {
    if (path !== ":memory:") {
      fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // SQLite would create the file with the permissions of the umask. Its companions get the permissions of the file.
      fs.closeSync(fs.openSync(path, "a", 0o600))
    }
    const opened = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 5000 })
    try {
      if (opened.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!["n"] === 0) {
        // Lets SQLite return free pages to the file system. It can only be set for an empty database.
        opened.exec("PRAGMA auto_vacuum = INCREMENTAL")
        opened.exec("PRAGMA journal_mode = WAL")
      }
      // A revocation of tokens must survive a power failure. Writes are few.
      opened.exec("PRAGMA synchronous = FULL")
      opened.exec("PRAGMA journal_size_limit = 67108864")
      opened.exec("PRAGMA cache_size = -32768")
      opened.exec("PRAGMA temp_store = MEMORY")
    } catch (error) {
      opened.close()
      throw error
    }
    return opened
  }

  const isDamage = (error: unknown) => {
    const code = (error as { errcode?: number }).errcode
    // SQLITE_CORRUPT and SQLITE_NOTADB.
    return code !== undefined && ((code & 255) === 11 || (code & 255) === 26)
  }

  const isWhole = (opened: Database) => {
    try {
      return Object.values(opened.prepare("PRAGMA quick_check(1)").get() ?? {})[0] === "ok"
    } catch (error) {
      if (isDamage(error)) return false
      throw error
    }
  }

  const close = () => {
    statements.clear()
    rows = undefined
    database?.close()
    database = undefined
  }

  const setAside = () => {
    close()
    const movedTo = `${path}.corrupt-${Date.now()}`
    for (const suffix of ["", "-wal", "-shm"]) {
      if (fs.existsSync(path + suffix)) fs.renameSync(path + suffix, movedTo + suffix)
    }
    database = open()
    return movedTo
  }

  const openOrSetAside = (repairs: boolean) => {
    try {
      database = open()
      if (!repairs || path === ":memory:" || fs.statSync(path).size > checkedSize || isWhole(database)) return undefined
    } catch (error) {
      if (!repairs || !isDamage(error)) throw error
    }
    return setAside()
  }

  const statement = (sql: string, arrays: boolean) => {
    const key = (arrays ? "values " : "rows ") + sql
    let found = statements.get(key)
    if (found === undefined) {
      found = database!.prepare(sql)
      if (arrays) found.setReturnArrays(true)
      if (statements.size >= keptStatements) statements.delete(statements.keys().next().value!)
      statements.set(key, found)
    }
    return found
  }

  const piece = () => {
    const taken: Array<unknown> = []
    for (let left = pieceOfRows; left > 0; left--) {
      const { done, value } = rows!.next()
      if (done === true) {
        rows = undefined
        return { rows: taken, columns, done: true }
      }
      for (const field of value as ReadonlyArray<unknown>) taken.push(field)
    }
    return { rows: taken, columns, done: false }
  }

  const stream = (sql: string, params: ReadonlyArray<unknown>) => {
    const prepared = database!.prepare(sql)
    prepared.setReturnArrays(true)
    columns = prepared.columns().map(({ name }) => name)
    rows = prepared.iterate(...(params as Array<string>))
    return piece()
  }

  const answer = (question: Question) => {
    switch (question._tag) {
      case "open":
        path = question.path
        return { movedTo: openOrSetAside(question.repairs) }
      case "rows":
      case "values":
        return { rows: statement(question.sql, question._tag === "values").all(...(question.params as Array<string>)) }
      case "stream":
        return stream(question.sql, question.params)
      case "next":
        return piece()
      case "end":
        rows?.return?.()
        rows = undefined
        return {}
      case "setAside":
        // Another caller may have found the same damage, and moved the file.
        return { movedTo: isWhole(database!) ? undefined : setAside() }
      case "close":
        close()
        return {}
    }
  }

  port.on("message", (question: Question) => {
    const reply = (content: object) => port.postMessage({ ...content, inTransaction: database?.isTransaction ?? false })
    try {
      reply(answer(question))
    } catch (cause) {
      const error = cause as { message: string; code?: string; errcode?: number }
      reply({ error: { message: error.message, code: error.code ?? "", errno: error.errcode } })
    }
  })
}

/** The source of the worker: the compiled function as text. */
export const text = `(${program.toString()})()`
