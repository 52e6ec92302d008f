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

/** How long an address stays known for a user who does not sign in from it (milliseconds): a year. */
const memory = 365 * 86_400_000

/** How old the note of a sign-in from a known address is before it is renewed (milliseconds): an hour. */
const renewal = 3_600_000

/** What is counted, with its limit of refusals. */
interface Key {
  readonly kind: "pair" | "user" | "address"
  readonly key: string
  readonly allowed: number
}

/** Hashed, so that the tables do not reveal user names or addresses. */
const hash = (text: string): string => createHash("sha256").update(text).digest("hex")

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
  const limits = LoginAttempts.limitsOf(options)
  const { capacity, perAddress, perUser, window } = limits
  const alone = LoginAttempts.countsInMemory(options)
  const rows = table("login_attempts")
  const known = table("known_addresses")
  const now = sql.literal(dialect.now)
  const warned = yield* Ref.make(-Infinity)
  const isTidy = yield* Ref.make(true)

  const warn = Effect.gen(function* () {
    const time = yield* Clock.currentTimeMillis
    if (time - (yield* Ref.getAndUpdate(warned, (last) => (time - last < 60_000 ? last : time))) < 60_000) return
    yield* Effect.logWarning("sign-ins are counted by this replica alone: the database does not answer")
  })

  const inTime = <A, E>(effect: Effect.Effect<A, E>) => recoverSqlDefects(write(effect)).pipe(Effect.timeout(deadline))

  const elements = (tuples: ReadonlyArray<readonly [key: string, ...numbers: ReadonlyArray<number>]>) =>
    // Always in the same order, so that two attempts cannot deadlock.
    dialect.elements(JSON.stringify(tuples.toSorted(([a], [b]) => (a < b ? -1 : 1))))
  const [first, second] = [sql.literal(dialect.element("bytes", 0)), sql.literal(dialect.element("integer", 1))]
  const readKey = sql.literal(dialect.read("bytes", "key"))

  /** Counts the attempt for each key that is below its limit, and returns these keys with the attempts that they have now. */
  const begin = (keys: ReadonlyArray<Key>) =>
    sql`
    INSERT INTO ${rows} AS counted (key, until, refused, under_way, allowed)
    SELECT ${first}, ${now} + ${window}, 0, 1, ${second}
    FROM ${elements(keys.map(({ allowed, key }) => [key, allowed]))} WHERE true
    ON CONFLICT (key) DO UPDATE SET
      until = CASE WHEN ${past} THEN excluded.until ELSE counted.until END,
      refused = CASE WHEN ${past} THEN 0 ELSE counted.refused END,
      under_way = CASE WHEN ${past} THEN 1 ELSE counted.under_way + 1 END,
      allowed = excluded.allowed
    WHERE ${past} OR counted.refused + counted.under_way < excluded.allowed
    RETURNING ${readKey}, refused + under_way`.values

  const past = sql`(counted.until <= ${now} AND (counted.under_way = 0 OR counted.until + ${grace} <= ${now}))`

  /** Ends an attempt for its keys, and returns the refusals that they have now. An expired row is reset by the next attempt. */
  const end = (keys: ReadonlyArray<Key>, refused: (key: Key) => boolean, isForgotten: (key: Key) => boolean) => {
    const changes = elements(keys.map((key) => [key.key, isForgotten(key) ? -1 : Number(refused(key))]))
    const change = sql`(SELECT ${second} FROM ${changes} WHERE ${first} = counted.key)`
    return sql`
      UPDATE ${rows} AS counted SET
        until = CASE WHEN ${change} < 0 AND under_way <= 1 THEN 0 ELSE until END,
        under_way = CASE WHEN under_way = 0 THEN 0 ELSE under_way - 1 END,
        refused = CASE WHEN ${change} < 0 THEN 0 ELSE refused + ${change} END
      WHERE key IN (
        SELECT locked.key FROM ${rows} AS locked WHERE locked.key IN (SELECT ${first} FROM ${changes})
        ORDER BY locked.key ${sql.literal(dialect.forUpdate)}
      )
      RETURNING ${readKey}, refused`.values
  }

  const pauseOf = (keys: ReadonlyArray<Key>) =>
    sql`SELECT max(counted.until) - ${now} FROM ${elements(keys.map(({ allowed, key }) => [key, allowed]))}
      JOIN ${rows} AS counted ON counted.key = ${first} WHERE counted.refused >= ${second}`.values

  const remember = Effect.fnUntraced(function* (user: string, pair: string) {
    const note = sql`SELECT ${first} FROM ${elements([[pair]])}`
    const owner = sql`(SELECT ${first} FROM ${elements([[user]])})`
    yield* inTime(sql`
      INSERT INTO ${known} (key, owner, seen) SELECT (${note}), ${owner}, ${now} WHERE true
      ON CONFLICT (key) DO UPDATE SET seen = excluded.seen`)
    yield* inTime(sql`
      DELETE FROM ${known} WHERE owner = ${owner} AND seen < (
        SELECT seen FROM ${known} WHERE owner = ${owner} ORDER BY seen DESC LIMIT 1 OFFSET ${LoginAttempts.knownAddresses - 1})`)
  })

  const shared = Effect.fnUntraced(function* (subject: LoginAttempts.Subject, address: string) {
    const user = hash(`${subject.kind} ${subject.name}`)
    const pair = hash(`${subject.kind} ${subject.name}\n${address}`)
    const keyOf = { pair, user, address: hash(`address ${address}`) }
    const [note] = yield* inTime(
      sql`SELECT ${now} - seen FROM ${known} WHERE key = (SELECT ${first} FROM ${elements([[pair]])})`.values
    )
    const keys = LoginAttempts.keysOf(limits, subject, note !== undefined).map(([kind, allowed]): Key => ({
      kind,
      key: keyOf[kind],
      allowed
    }))
    yield* Ref.set(isTidy, false)
    const counts = new Map((yield* inTime(begin(keys))).map(([key, count]) => [String(key), Number(count)]))
    const begun = keys.filter(({ key }) => counts.has(key))
    if (begun.length < keys.length) {
      const never = () => false
      if (begun.length > 0) yield* inTime(end(begun, never, never))
      const [row] = yield* inTime(pauseOf(keys))
      if (row?.[0] != null) return { _tag: "Paused", pause: Number(row[0]) } satisfies LoginAttempts.Begun
      const isAddress = keys.every(({ key, kind }) => kind === "address" || counts.has(key))
      return { _tag: "Busy", with: isAddress ? "address" : "user" } satisfies LoginAttempts.Begun
    }
    const everywhere = LoginAttempts.countsEverywhere(counts.get(pair)!, perUser)
    const settle = Effect.fnUntraced(
      function* (outcome: LoginAttempts.Outcome) {
        const refused = ({ kind }: Key) => outcome === "refused" && (kind !== "user" || everywhere)
        const ended = yield* inTime(end(keys, refused, ({ kind }) => outcome === "accepted" && kind !== "address"))
        if (outcome === "accepted") {
          alone.remember(subject, address)
          if (note === undefined || Number(note[0]) > renewal) yield* remember(user, pair)
        }
        const refusals = new Map(ended.map(([key, count]) => [String(key), Number(count)]))
        const paused = keys.filter(
          (key) => refused(key) && refusals.get(key.key) === (key.kind === "address" ? perAddress : perUser)
        )
        return new Set(paused.map(({ kind }): LoginAttempts.Pause => (kind === "address" ? "address" : "user")))
      },
      Effect.catch(() => Effect.as(warn, new Set<LoginAttempts.Pause>()))
    )
    return { _tag: "Begun", settle } satisfies LoginAttempts.Begun
  })

  const tidy = Effect.gen(function* () {
    if (yield* Ref.getAndSet(isTidy, true)) return
    yield* inTime(sql`DELETE FROM ${rows} WHERE until + ${grace} <= ${now}`)
    yield* inTime(sql`DELETE FROM ${rows} WHERE until < (
      SELECT until FROM ${rows} ORDER BY until DESC LIMIT 1 OFFSET ${2 * capacity - 1})`)
    yield* inTime(sql`DELETE FROM ${known} WHERE seen + ${memory} <= ${now}`)
    yield* inTime(sql`DELETE FROM ${known} WHERE seen < (
      SELECT seen FROM ${known} ORDER BY seen DESC LIMIT 1 OFFSET ${capacity - 1})`)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(tidying), Effect.ignore(tidy))))

  return LoginAttempts.make(options, (subject, address) =>
    Effect.catch(shared(subject, address), () => Effect.andThen(warn, alone.begin(subject, address)))
  )
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: LoginAttempts.Options): Layer.Layer<LoginAttempts.LoginAttempts, never, Database> =>
  Layer.effect(LoginAttempts.LoginAttempts, make(options))
