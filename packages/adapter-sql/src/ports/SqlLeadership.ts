/**
 * The `Leadership` port as a lease: one row holds the leader, and the end of its lease by the clock of the database.
 *
 * @since 0.1.0
 */
import { randomUUID } from "node:crypto"
import { Change, Digest, Leadership, Names, OptionRange } from "@gitlab-registry-usage/core"
import {
  type Cause,
  Clock,
  Duration,
  Effect,
  Layer,
  Option,
  Queue,
  Ref,
  Schedule,
  Schema,
  type Scope,
  Stream
} from "effect"
import { Database } from "../database/Database.ts"
import { SqlError } from "effect/sql"
import { describeError, recoverSqlDefects } from "../database/DatabaseFailure.ts"

/** @category models @since 0.1.0 */
export interface Options {
  /** How long a lease lasts without renewal. The leader renews it after a third of that time. Default 15 seconds. */
  readonly lease?: Duration.Input | undefined
  /** How often a follower tries to take the lease. Default a third of the lease. */
  readonly poll?: Duration.Input | undefined
}

/** The largest notification to the leader, in bytes: PostgreSQL allows 8000. */
const maximumMessage = 7000

/** The most changes that wait for the leader to read them. */
const maximumUnread = 65_536

/** How often the leader reads the changes of replicas that get no notifications. */
const interval = "500 millis"

/** The most messages that wait in the database for a leader. */
const maximumStored = 1000

const released = "released"
/** The names of repositories, a line each. Replicas of earlier versions use the same prefix, and know no other. */
const namesPrefix = "told "
/** Changes in JSON, a line each. */
const changesPrefix = "changed "

const ChangeText = Schema.fromJsonString(
  Schema.Struct({
    repository: Names.RepositoryName,
    tag: Schema.optional(Names.TagName),
    digest: Schema.optional(Digest.Digest),
    isDeleted: Schema.optional(Schema.Boolean)
  })
)
const decodeChange = Schema.decodeOption(ChangeText)

/** The lines in as few messages as possible. */
const messagesOf = (prefix: string, lines: Iterable<string>): ReadonlyArray<string> => {
  const messages: Array<string> = []
  let batch: Array<string> = []
  let length = 0
  const send = () => {
    if (batch.length > 0) messages.push(prefix + batch.join("\n"))
    batch = []
    length = 0
  }
  for (const line of lines) {
    if (length + line.length + 1 > maximumMessage) send()
    batch.push(line)
    length += line.length + 1
  }
  send()
  return messages
}

const notificationsFor = (changes: ReadonlyArray<Change.Change>): ReadonlyArray<string> => [
  ...messagesOf(namesPrefix, new Set(changes.map(({ repository }) => repository))),
  ...messagesOf(
    changesPrefix,
    changes.filter(Change.isVerifiable).map((change) => JSON.stringify(change))
  )
]

const changesIn = (message: string): ReadonlyArray<Change.Change> => {
  const linesAfter = (prefix: string) => (message.startsWith(prefix) ? message.slice(prefix.length).split("\n") : [])
  return [
    ...linesAfter(namesPrefix)
      .filter(Names.isRepositoryName)
      .map((repository) => ({ repository })),
    ...linesAfter(changesPrefix).flatMap((line) => Option.toArray(decodeChange(line)))
  ]
}

/**
 * The outcome of a renewal. `unanswered`: the outcome is unknown. `blocked`: the renewal failed, but no other replica
 * can take over.
 */
type Renewal = "renewed" | "lost" | "unanswered" | "blocked"

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<Leadership.Leadership["Service"], never, Database | Scope.Scope> {
  const { dialect, exclusively, hears, notifications, reachesOthers, sql, table, notify, write } = yield* Database
  OptionRange.check("SqlLeadership", {
    lease: [options.lease, OptionRange.time],
    poll: [options.poll, OptionRange.time]
  })
  const lease = Duration.toMillis(options.lease ?? "15 seconds")
  const poll = Duration.toMillis(options.poll ?? lease / 3)
  const self = randomUUID()
  const leading = yield* Ref.make(false)
  const failure = yield* Ref.make(Option.none<string>())
  const changed = yield* Queue.sliding<Change.Change>(maximumUnread)
  const wake = yield* Queue.sliding<void>(1)
  const now = sql.literal(dialect.now)
  const rows = table("leadership")
  const unread = table("unread_changes")

  const receive = Effect.fnUntraced(function* (message: string) {
    if (message === released) return yield* Queue.offer(wake, undefined)
    // Only the leader reads these.
    if (yield* Ref.get(leading)) yield* Queue.offerAll(changed, changesIn(message))
  })
  yield* Effect.forkScoped(Stream.runForEach(notifications, receive))

  const answered = Effect.flatMap(Ref.getAndSet(failure, Option.none()), (before) =>
    Option.isNone(before) ? Effect.void : Effect.logInfo("the database lets a replica be elected again")
  )
  const failed = (error: SqlError.SqlError | Cause.TimeoutError) => {
    const detail = SqlError.isSqlError(error) ? describeError(error) : "it did not answer in time"
    return Effect.flatMap(Ref.getAndSet(failure, Option.some(`the database: ${detail}`)), (before) =>
      Option.isSome(before) ? Effect.void : Effect.logWarning(`no replica can be elected; the database: ${detail}`)
    )
  }

  /** Takes the lease if it is free, and returns the new generation. No save runs at the same time. */
  const take = exclusively(
    sql`UPDATE ${rows} SET holder = ${self}, generation = generation + 1, expires_at = ${now} + ${lease}
      WHERE expires_at <= ${now} OR holder = ${self} RETURNING generation`.values
  ).pipe(
    Effect.map(([row]) => (row === undefined ? Option.none() : Option.some(Number(row[0])))),
    recoverSqlDefects,
    Effect.timeout(lease),
    Effect.tap(answered),
    Effect.tapError(failed)
  )

  // Not exclusive, so that it runs beside a long save, during which no other replica can take over.
  const renew = (generation: number, remaining: number): Effect.Effect<Renewal> =>
    write(
      sql`UPDATE ${rows} SET expires_at = ${now} + ${lease}
        WHERE holder = ${self} AND generation = ${generation} RETURNING 1`.values
    ).pipe(
      recoverSqlDefects,
      Effect.map((found): Renewal => (found.length > 0 ? "renewed" : "lost")),
      Effect.timeout(remaining),
      Effect.tap(answered),
      Effect.tapError(failed),
      // If this process cannot write a SQLite file (full disk, locked), no other process can write it either.
      Effect.catch(() => Effect.succeed<Renewal>(reachesOthers ? "unanswered" : "blocked"))
    )

  const elapsedSince = (begin: bigint) => Effect.map(Clock.currentTimeNanos, (now) => Number(now - begin) / 1_000_000)

  /** Ends when the lease is lost: another replica has it, or it expired while the database did not respond. */
  const keep = Effect.fnUntraced(function* (generation: number, taken: bigint) {
    let since = taken
    let pause = lease / 3
    while (true) {
      const left = lease - (yield* elapsedSince(since))
      if (left <= 0 && reachesOthers) return yield* Effect.logWarning("the lease ran out: the database did not answer")
      yield* Effect.sleep(reachesOthers ? Math.min(pause, left) : pause)
      const askedAt = yield* Clock.currentTimeNanos
      const remaining = Math.max(lease - (yield* elapsedSince(since)), reachesOthers ? 1 : lease)
      const renewal = yield* renew(generation, remaining)
      if (renewal === "lost")
        return yield* Effect.logWarning("another replica leads now: this one did not renew its lease in time")
      if (renewal !== "unanswered") since = askedAt
      pause = renewal === "renewed" ? lease / 3 : lease / 15
    }
  })

  /** Stores a message for the leader. */
  const store = (message: string) =>
    sql`INSERT INTO ${unread} SELECT ${message}
      WHERE (SELECT count(*) FROM ${unread}) < ${maximumStored}`

  const readStored = sql`DELETE FROM ${unread} RETURNING message`.values.pipe(
    Effect.flatMap((rows) =>
      Queue.offerAll(
        changed,
        rows.flatMap(([message]) => changesIn(String(message)))
      )
    ),
    Effect.ignore,
    Effect.repeat(Schedule.spaced(interval))
  )

  const release = (generation: number) =>
    sql
      .withTransaction(
        Effect.andThen(
          sql`UPDATE ${rows} SET expires_at = 0 WHERE holder = ${self} AND generation = ${generation}`,
          notify(released)
        )
      )
      .pipe(recoverSqlDefects, Effect.timeout("2 seconds"), Effect.ignore)

  const lead: Leadership.Leadership["Service"]["lead"] = (reign) =>
    Effect.gen(function* () {
      const askedAt = yield* Clock.currentTimeNanos
      const taken = yield* Effect.orElseSucceed(take, () => Option.none<number>())
      if (Option.isSome(taken)) {
        const generation = taken.value
        yield* Effect.gen(function* () {
          yield* Queue.clear(changed)
          yield* Ref.set(leading, true)
          yield* Effect.logDebug(`this replica leads, as generation ${generation}`)
          if (reachesOthers) yield* Effect.forkScoped(readStored)
          yield* Effect.raceFirst(reign({ generation }), keep(generation, askedAt))
        }).pipe(Effect.scoped, Effect.ensuring(Effect.andThen(Ref.set(leading, false), release(generation))))
      }
      yield* Effect.raceFirst(Queue.take(wake), Effect.sleep(poll))
    }).pipe(Effect.forever)

  const readState = Effect.gen(function* () {
    const [row] = yield* sql`SELECT holder FROM ${rows} WHERE expires_at > ${now}`.values
    return row === undefined || row[0] === self ? "vacant" : "following"
  }).pipe(
    Effect.timeout("1 second"),
    Effect.orElseSucceed(() => "vacant")
  ) as Effect.Effect<Leadership.State>

  return Leadership.Leadership.of({
    lead,
    state: Effect.flatMap(Ref.get(leading), (leads) => (leads ? Effect.succeed("leading" as const) : readState)),
    failure: Ref.get(failure),
    notify: Effect.fnUntraced(function* (changes) {
      if (yield* Ref.get(leading)) return yield* Effect.asVoid(Queue.offerAll(changed, changes))
      const send = (yield* hears) ? notify : store
      yield* Effect.forEach(notificationsFor([...changes]), send, { discard: true }).pipe(
        Effect.catch((error) =>
          Effect.logDebug(`the leader did not get the notification of a change: ${error.message}`)
        )
      )
    }),
    notifications: Stream.fromQueue(changed)
  })
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Leadership.Leadership, never, Database> =>
  Layer.effect(Leadership.Leadership, make(options))
