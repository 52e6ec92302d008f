/** What the worker gets: the paths of the damaged file and of the new database, and when it stops, in milliseconds. */
export interface Task {
  readonly damaged: string
  readonly database: string
  /** The names of the tables whose rows belong to the snapshots from `since` to before `until`. */
  readonly versioned: ReadonlyArray<string>
  readonly end: number
}

/** What was salvaged: how many snapshots, and the tables of which some rows could not be read. */
export interface Salvaged {
  readonly snapshots: number
  readonly incomplete: ReadonlyArray<string>
}

/**
 * The program of the worker. It is passed as text, as that of `SqliteWorker`; it must not refer to anything outside of
 * itself.
 */
const program = () => {
  process.removeAllListeners("warning")
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
  const fs = process.getBuiltinModule("node:fs")
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads")
  const task = workerData as Task
  type Database = InstanceType<typeof DatabaseSync>
  type Value = null | number | bigint | string | Uint8Array

  interface Table {
    readonly name: string
    readonly sql: string
    /** The page of the file where the table begins. */
    readonly root: number
    readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string; readonly isRequired: boolean }>
  }

  const tablesOf = (database: Database): ReadonlyArray<Table> =>
    database
      .prepare("SELECT name, sql, rootpage FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map(({ name, rootpage, sql }) => ({
        name: String(name),
        sql: String(sql),
        root: Number(rootpage),
        columns: database
          .prepare(`PRAGMA table_info("${String(name)}")`)
          .all()
          .map((column) => ({
            name: String(column["name"]),
            type: String(column["type"]),
            isRequired: column["notnull"] === 1
          }))
      }))

  /** The pages where the tables begin by the schema of the file itself, as far as it can be read. */
  const ownRoots = (path: string): ReadonlyMap<string, number> => {
    try {
      const database = new DatabaseSync(path)
      try {
        return new Map(tablesOf(database).map(({ name, root }) => [name, root]))
      } finally {
        database.close()
      }
    } catch {
      return new Map()
    }
  }

  /**
   * Replaces the first page, which has the header and the schema, by one that knows the tables and nothing else. So a
   * damaged schema costs nothing, and one that somebody else wrote runs nothing.
   */
  const replaceFirstPage = (path: string, tables: ReadonlyArray<Table>, roots: ReadonlyMap<string, number>) => {
    const template = `${path}-schema`
    fs.rmSync(template, { force: true })
    const database = new DatabaseSync(template)
    for (const { columns, name, sql } of tables) {
      const key = /\bid INTEGER PRIMARY KEY\b/i.test(sql) ? " INTEGER PRIMARY KEY" : ""
      const names = columns.map(
        (column) => `"${column.name}" ${column.name === "id" && key !== "" ? key : column.type}`
      )
      database.exec(`CREATE TABLE "${name}" (${names.join()})`)
    }
    // Node < 24 has no such flag, and allows the change.
    ;(database as { enableDefensive?: (active: boolean) => void }).enableDefensive?.(false)
    database.exec("PRAGMA writable_schema = ON")
    const move = database.prepare("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?")
    for (const { name, root } of tables) move.run(roots.get(name) ?? root, name)
    database.close()
    const first = fs.readFileSync(template).subarray(0, 4096)
    fs.rmSync(template)
    const file = fs.openSync(path, "r+")
    // The number of pages; no free pages, no journal, and no vacuum that would follow pointers.
    first.writeUInt32BE(Math.floor(fs.fstatSync(file).size / 4096), 28)
    fs.writeSync(file, first, 0, 4096, 0)
    fs.closeSync(file)
  }

  /** A copy of the damaged file in which its log is merged as far as that is whole. */
  const readableCopy = (tables: ReadonlyArray<Table>): Database => {
    const copy = `${task.database}.salvage`
    for (const suffix of ["", "-wal", "-shm"]) {
      fs.rmSync(copy + suffix, { force: true })
      if (suffix !== "-shm" && fs.existsSync(task.damaged + suffix))
        fs.copyFileSync(task.damaged + suffix, copy + suffix)
    }
    fs.chmodSync(copy, 0o600)
    const merge = () => {
      const database = new DatabaseSync(copy)
      try {
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)")
      } finally {
        database.close()
      }
    }
    const fresh = new Map(tables.map(({ name, root }) => [name, root]))
    try {
      merge()
    } catch {
      // The log is found through the header, which may be what is damaged.
      replaceFirstPage(copy, tables, fresh)
      const header = fs.openSync(copy, "r+")
      fs.writeSync(header, Uint8Array.of(2, 2), 0, 2, 18)
      fs.closeSync(header)
      try {
        merge()
      } catch {}
    }
    const pages = Math.floor(fs.statSync(copy).size / 4096)
    const own = [...ownRoots(copy)].filter(([, root]) => root > 1 && root <= pages)
    for (const suffix of ["-wal", "-shm"]) fs.rmSync(copy + suffix, { force: true })
    replaceFirstPage(copy, tables, new Map([...fresh, ...own]))
    const database = new DatabaseSync(copy)
    database.exec("PRAGMA cell_size_check = ON")
    database.exec("PRAGMA journal_mode = OFF")
    return database
  }

  const fits = (value: Value | undefined, { isRequired, type }: Table["columns"][number]): boolean => {
    if (value === undefined) return false
    if (value === null) return !isRequired
    if (type === "TEXT") return typeof value === "string"
    if (type === "BLOB") return value instanceof Uint8Array
    if (type === "REAL") return typeof value === "number"
    return typeof value === "bigint" && value >= -(2n ** 53n) && value <= 2n ** 53n
  }

  /** The most attempts to read on behind damage, for each table. */
  const maximumAttempts = 10_000

  /** Copies the rows of a table that can be read. Returns whether that was all. */
  const copyRows = (from: Database, into: Database, { columns, name }: Table): boolean => {
    const names = columns.map((column) => `"${column.name}"`).join()
    const read = (order: "ASC" | "DESC") => {
      const statement = from.prepare(
        `SELECT rowid, ${names} FROM "${name}" WHERE rowid BETWEEN ? AND ? ORDER BY rowid ${order}`
      )
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
      return statement
    }
    const insert = into.prepare(`INSERT OR REPLACE INTO "${name}" (${names}) VALUES (${columns.map(() => "?").join()})`)
    const [upwards, downwards] = [read("ASC"), read("DESC")]
    let isWhole = true
    let attempts = 0

    /** Copies rows from one end. Returns the last one that could be read, and whether the other end was reached. */
    const copy = (statement: typeof upwards, low: bigint, high: bigint, step: 1n | -1n) => {
      let last = step === 1n ? low - 1n : high + 1n
      try {
        for (const row of statement.iterate(low, high) as Iterable<unknown>) {
          const [rowid, ...values] = row as [bigint, ...Array<Value>]
          if (Date.now() > task.end) return { last, isDone: false }
          if ((rowid - last) * step <= 0n || rowid < low || rowid > high) return { last, isDone: false }
          try {
            if (!values.every((value, i) => fits(value, columns[i]!))) throw new Error("not a row of this table")
            insert.run(...values)
          } catch {
            isWhole = false
          }
          last = rowid
        }
        return { last, isDone: true }
      } catch {
        return { last, isDone: false }
      }
    }

    /** Reads a range whose first row may be damaged: on behind each damage, in steps that double. */
    const copyRange = (low: bigint, high: bigint) => {
      for (let start = low; start <= high;) {
        const read = copy(upwards, start, high, 1n)
        if (read.isDone) return
        isWhole = false
        const damage = read.last + 1n
        let [unreadable, next, behind] = [damage, damage, read]
        for (let step = 1n; !behind.isDone && behind.last < next; step *= 2n) {
          if (Date.now() > task.end || ++attempts > maximumAttempts) return
          unreadable = next
          next = damage + step
          behind = copy(upwards, next, high, 1n)
        }
        // The last step may have passed over rows that can be read from the other side.
        const end = next > high ? high : next - 1n
        const back = copy(downwards, unreadable + 1n, end, -1n)
        if (!back.isDone && back.last <= end) ranges.push([damage + 1n, back.last - 1n])
        start = behind.isDone ? high + 1n : behind.last + 1n
      }
    }

    const ranges: Array<[low: bigint, high: bigint]> = [[1n, 2n ** 53n]]
    for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) copyRange(...range)
    return isWhole
  }

  /** Removes the snapshots of which rows are missing: the rows are counted, and compared with the stored figures. */
  const removeIncomplete = (database: Database, incomplete: ReadonlyArray<string>) => {
    const ids = database
      .prepare("SELECT id FROM snapshots ORDER BY id")
      .all()
      .map(({ id }) => Number(id))
    /** The first snapshot from this id. */
    const placeOf = (id: number) => {
      let [low, high] = [0, ids.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (ids[middle]! < id) low = middle + 1
        else high = middle
      }
      return low
    }
    const rowsOf = (sql: string) => {
      const statement = database.prepare(sql)
      statement.setReturnArrays(true)
      return statement.iterate() as Iterable<unknown> as Iterable<readonly [number, number | null, number?]>
    }
    /** Snapshot → the sum of what its rows count. */
    const counts = (sql: string) => {
      const sums = new Float64Array(ids.length + 1)
      for (const [since, until, value = 1] of rowsOf(sql)) {
        sums[placeOf(since)]! += value
        if (until !== null) sums[placeOf(until)]! -= value
      }
      for (let i = 1; i < sums.length; i++) sums[i]! += sums[i - 1]!
      return sums
    }
    const total = (column: string) => counts(`SELECT since, until, ${column} FROM figures WHERE kind = 0 AND path = ''`)
    const known = counts("SELECT since, until FROM figures WHERE kind = 0 AND path = ''")
    const repositories = total("repositories")
    const tags = total("tags")
    const gaps = total("gaps")
    const gapRows = counts("SELECT since, until FROM gaps")
    const figures = counts("SELECT since, until FROM figures WHERE kind = 1")
    const rows = counts("SELECT since, until FROM repositories")
    const tagRows = counts("SELECT since, until FROM tags")
    const manifestIds = new Set(Array.from(rowsOf("SELECT id FROM manifests"), ([id]) => id!))
    const blobIds = new Set(Array.from(rowsOf("SELECT id FROM blobs"), ([id]) => id!))
    const dangling = new Float64Array(ids.length + 1)
    const missing = (present: ReadonlySet<number>, sql: string) => {
      for (const [since, until, id = -1] of rowsOf(sql)) {
        if (id < 0 || present.has(id)) continue
        dangling[placeOf(since)]!++
        if (until !== null) dangling[placeOf(until)]!--
      }
    }
    missing(manifestIds, "SELECT since, until, manifest FROM tags")
    missing(blobIds, "SELECT since, until, blob FROM manifests")
    for (let i = 1; i < dangling.length; i++) dangling[i]! += dangling[i - 1]!
    const removed = ids.filter(
      (_, i) =>
        known[i] !== 1 ||
        figures[i] !== repositories[i] ||
        rows[i] !== repositories[i] ||
        tagRows[i] !== tags[i] ||
        dangling[i] !== 0 ||
        (incomplete.includes("gaps") && gapRows[i] !== gaps[i])
    )
    const remove = database.prepare("DELETE FROM snapshots WHERE id = ?")
    const forget = database.prepare("INSERT OR IGNORE INTO forgotten (id) VALUES (?)")
    const newest = ids.findLast((id) => !removed.includes(id)) ?? 0
    for (const id of removed) {
      remove.run(id)
      // Of a removed snapshot before one that is kept, pruning removes the rows.
      if (id < newest) forget.run(id)
    }
    // The next snapshot gets the id of the one after the newest that is kept.
    for (const name of task.versioned) {
      database.exec(`DELETE FROM "${name}" WHERE since > ${newest}`)
      database.exec(`UPDATE OR REPLACE "${name}" SET until = NULL WHERE until > ${newest}`)
    }
    database.exec(`DELETE FROM forgotten WHERE id > ${newest}`)
  }

  const salvage = (): Salvaged => {
    const into = new DatabaseSync(task.database, { timeout: 5000 })
    // What is known of the new version of the tables only is made by it, and the version itself belongs to the tables.
    const tables = tablesOf(into).filter(({ name }) => name !== "schema_version")
    const incomplete: Array<string> = []
    into.exec("BEGIN IMMEDIATE")
    try {
      const from = readableCopy(tables)
      try {
        for (const table of tables) if (!copyRows(from, into, table)) incomplete.push(table.name)
      } finally {
        from.close()
      }
      if (incomplete.some((name) => name === "snapshots" || task.versioned.includes(name)))
        removeIncomplete(into, incomplete)
      // Tokens that were revoked may not be good again, so all tokens end where the instant is lost.
      if (incomplete.includes("revocation")) {
        // Tokens have whole seconds: those of this second may be later.
        const notBefore = Math.floor(Date.now() / 1000) * 1000 - 1
        into.exec(`INSERT OR REPLACE INTO revocation (id, not_before) VALUES (1, ${notBefore})`)
      }
      // A leader whose generation is below that of a snapshot could not publish.
      into.exec(
        "UPDATE leadership SET generation = max(generation, (SELECT coalesce(max(generation), 0) FROM snapshots))"
      )
      into.exec("COMMIT")
      const [found] = into.prepare("SELECT count(*) AS n FROM snapshots").all()
      return { snapshots: Number(found!["n"]), incomplete }
    } finally {
      if (into.isTransaction) into.exec("ROLLBACK")
      into.close()
      for (const suffix of ["", "-wal", "-shm", "-schema"])
        fs.rmSync(`${task.database}.salvage${suffix}`, { force: true })
    }
  }

  parentPort!.postMessage(salvage(), [])
}

/** The worker as a program: the text of a function, whatever it was compiled to. */
export const text = `(${program.toString()})()`
