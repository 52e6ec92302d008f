/**
 * The `LoginAttempts` port over SQL: a refusal by one replica counts for all replicas.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import { LoginAttempts } from "@gitlab-registry-usage/core"
import { Clock, Effect, Layer, Ref, type Scope } from "effect"
import { Database } from "../database/Database.ts"
import { recoverSqlDefects } from "../database/DatabaseFailure.ts"

/** How long this replica waits for the database before it counts on its own. */
const deadline = "1 second"

/** How much longer an attempt without an outcome counts, because its replica ended (milliseconds). */
const grace = 60_000

/** How often expired rows are removed. */
const tidying = "10 seconds"

/** The keys of the user and of the address, each with its limit of refusals. */
type Keys = ReadonlyArray<readonly [key: string, allowed: number]>

/** Hashed, so that the table does not reveal user names or addresses. */
const hashKey = (kind: "user" | "address", name: string): string =>
  createHash("sha256").update(`${kind} ${name}`).digest("hex")

/**
 * Counts in a table. While the database does not respond in time, each replica counts alone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: LoginAttempts.Options = {}
): Effect.fn.Return<LoginAttempts.LoginAttempts["Service"], never, Database | Scope.Scope> {
  const { dialect, sql, table, write } = yield* Database
  const { capacity, perAddress, perUser, window } = LoginAttempts.limitsOf(options)
  const alone = LoginAttempts.makeMemory(options)
  const rows = table("login_attempts")
  const now = sql.literal(dialect.now)
  const warned = yield* Ref.make(-Infinity)
  const isTidy = yield* Ref.make(true)

  const warn = Effect.gen(function* () {
    const time = yield* Clock.currentTimeMillis
    if (time - (yield* Ref.getAndUpdate(warned, (last) => (time - last < 60_000 ? last : time))) < 60_000) return
    yield* Effect.logWarning("sign-ins are counted by this replica alone: the database does not answer")
  })

  const inTime = <A, E>(effect: Effect.Effect<A, E>) => recoverSqlDefects(write(effect)).pipe(Effect.timeout(deadline))

  const elements = (keys: Keys) =>
    // Always in the same order, so that two attempts cannot deadlock.
    dialect.elements(JSON.stringify(keys.toSorted(([a], [b]) => (a < b ? -1 : 1))))
  const [key, allowed] = [sql.literal(dialect.element("bytes", 0)), sql.literal(dialect.element("integer", 1))]

  /** Counts the attempt for each key that is below its limit, and returns these keys. */
  const begin = (keys: Keys) =>
    sql`
    INSERT INTO ${rows} AS counted (key, until, refused, under_way, allowed)
    SELECT ${key}, ${now} + ${window}, 0, 1, ${allowed} FROM ${elements(keys)} WHERE true
    ON CONFLICT (key) DO UPDATE SET
      until = CASE WHEN ${past} THEN excluded.until ELSE counted.until END,
      refused = CASE WHEN ${past} THEN 0 ELSE counted.refused END,
      under_way = CASE WHEN ${past} THEN 1 ELSE counted.under_way + 1 END,
      allowed = excluded.allowed
    WHERE ${past} OR counted.refused + counted.under_way < excluded.allowed
    RETURNING ${sql.literal(dialect.read("bytes", "key"))}`.values

  const past = sql`(counted.until <= ${now} AND (counted.under_way = 0 OR counted.until + ${grace} <= ${now}))`

  const settle = (keys: Keys, outcome: LoginAttempts.Outcome) => {
    // The next attempt resets an expired row to 0.
    const isForgotten = sql`key IN (SELECT ${key} FROM ${elements(outcome === "accepted" ? keys.slice(0, 1) : [])})`
    return sql`
      UPDATE ${rows} SET
        until = CASE WHEN ${isForgotten} THEN 0 ELSE until END,
        under_way = CASE WHEN ${isForgotten} OR under_way = 0 THEN 0 ELSE under_way - 1 END,
        refused = refused + ${outcome === "refused" ? 1 : 0}
      WHERE key IN (
        SELECT key FROM ${rows} WHERE key IN (SELECT ${key} FROM ${elements(keys)})
        ORDER BY key ${sql.literal(dialect.forUpdate)}
      )`
  }

  const shared = Effect.fnUntraced(function* (user: string, address: string) {
    const keys = [
      [hashKey("user", LoginAttempts.canonical(user)), perUser],
      [hashKey("address", address), perAddress]
    ] as const
    yield* Ref.set(isTidy, false)
    const found = new Set((yield* inTime(begin(keys))).map(([key]) => String(key)))
    const begun = keys.filter(([key]) => found.has(key))
    if (begun.length < keys.length) {
      if (begun.length > 0) yield* inTime(settle(begun, "unknown"))
      const [row] = yield* inTime(
        sql`SELECT max(until) - ${now} FROM ${rows}
          WHERE key IN (SELECT ${key} FROM ${elements(keys.filter(([key]) => !found.has(key)))})`.values
      )
      return LoginAttempts.limited(Number(row?.[0] ?? 0))
    }
    const isSettled = yield* Ref.make(false)
    const settleOnce = Effect.fnUntraced(function* (outcome: LoginAttempts.Outcome) {
      if (yield* Ref.getAndSet(isSettled, true)) return
      yield* Effect.catch(inTime(settle(keys, outcome)), () => warn)
    })
    return { _tag: "Allowed", settle: settleOnce } satisfies LoginAttempts.Verdict
  })

  const tidy = Effect.gen(function* () {
    if (yield* Ref.getAndSet(isTidy, true)) return
    yield* inTime(sql`DELETE FROM ${rows} WHERE until + ${grace} <= ${now}`)
    yield* inTime(sql`DELETE FROM ${rows} WHERE until < (
      SELECT until FROM ${rows} ORDER BY until DESC LIMIT 1 OFFSET ${2 * capacity - 1})`)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(tidying), Effect.ignore(tidy))))

  return LoginAttempts.LoginAttempts.of({
    attempt: (username, address) =>
      Effect.catch(shared(username, address), () => Effect.andThen(warn, alone.attempt(username, address)))
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: LoginAttempts.Options): Layer.Layer<LoginAttempts.LoginAttempts, never, Database> =>
  Layer.effect(LoginAttempts.LoginAttempts, make(options))
