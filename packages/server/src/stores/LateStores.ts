/** The stores of a database that cannot be opened yet. */
import { Leadership, LoginAttempts, Revocation, SnapshotStore } from "@gitlab-registry-usage/core"
import { Context, DateTime, Deferred, Effect, Exit, Layer, Schedule, Scope, Stream } from "effect"
import type { Stores } from "./Stores.ts"

/** After a second, then at growing distances up to a minute. */
const retries = Schedule.min([Schedule.exponential("1 second", 1.5), Schedule.spaced("1 minute")])

/**
 * Uses the services of `meanwhile`, and keeps no snapshot, until `database` can be opened, which is tried again and again.
 * The database alone knows which tokens were revoked, so that all of those issued before are refused.
 */
export const layer = <E>(
  database: Layer.Layer<Stores, E>,
  meanwhile: Layer.Layer<Exclude<Stores, SnapshotStore.SnapshotStore>>,
  detail: string
): Layer.Layer<Stores> =>
  Layer.effectContext(
    Effect.gen(function* () {
      yield* Effect.logError(`${detail}; no snapshot is kept until it can be opened, which is tried again and again`)
      const before = yield* Layer.build(meanwhile)
      const scope = yield* Effect.scope
      const opening = yield* Deferred.make<Context.Context<Stores>>()
      const open = Effect.gen(function* () {
        const attempt = yield* Scope.fork(scope)
        return yield* Layer.buildWithScope(database, attempt).pipe(
          Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(attempt, exit) : Effect.void))
        )
      })
      yield* open.pipe(
        Effect.retry(retries),
        Effect.orDie,
        Effect.tap(() => Effect.logInfo("the database is open now: snapshots are kept again")),
        Deferred.into(opening),
        Effect.forkScoped
      )
      const opened = Deferred.await(opening)
      /** Uses the database if it is open, and something else before. */
      const now = <A, E>(
        use: (stores: Context.Context<Stores>) => Effect.Effect<A, E>,
        otherwise: Effect.Effect<A, E>
      ): Effect.Effect<A, E> =>
        Effect.suspend(() => (Deferred.isDoneUnsafe(opening) ? Effect.flatMap(opened, use) : otherwise))
      const stored = <A>(
        operation: SnapshotStore.SnapshotStoreError["operation"],
        use: (store: SnapshotStore.Operations) => Effect.Effect<A, SnapshotStore.SnapshotStoreError>
      ) =>
        now(
          (stores) => use(Context.get(stores, SnapshotStore.SnapshotStore)),
          Effect.fail(
            new SnapshotStore.SnapshotStoreError({
              operation,
              reason: new SnapshotStore.StoreUnavailable({ detail })
            })
          )
        )
      const store = SnapshotStore.SnapshotStore.of({
        load: stored("load", ({ load }) => load),
        save: (snapshot, term) => stored("save", ({ save }) => save(snapshot, term)),
        markStale: (term) => stored("save", ({ markStale }) => markStale(term)),
        published: Stream.unwrap(
          Effect.map(opened, (stores) => Context.get(stores, SnapshotStore.SnapshotStore).published)
        ),
        keepsHistory: true,
        history: stored("history", ({ history }) => history),
        at: (instant) => stored("load", ({ at }) => at(instant)),
        series: (entity, period) => stored("history", ({ series }) => series(entity, period)),
        figuresAt: (instant) => stored("history", ({ figuresAt }) => figuresAt(instant)),
        forget: (instants) => stored("history", ({ forget }) => forget(instants))
      })

      const leaders = Leadership.Leadership
      const leadership = leaders.of({
        // The term of the database begins with a crawl, which is then kept.
        lead: (task) =>
          Effect.raceFirst(Context.get(before, leaders).lead(task), opened).pipe(
            Effect.andThen(Effect.flatMap(opened, (stores) => Context.get(stores, leaders).lead(task)))
          ),
        state: now((stores) => Context.get(stores, leaders).state, Context.get(before, leaders).state),
        failure: now((stores) => Context.get(stores, leaders).failure, Effect.succeedSome(detail)),
        notify: (changes) =>
          now((stores) => Context.get(stores, leaders).notify(changes), Context.get(before, leaders).notify(changes)),
        notifications: Stream.merge(
          Context.get(before, leaders).notifications,
          Stream.unwrap(Effect.map(opened, (stores) => Context.get(stores, leaders).notifications))
        )
      })

      // Tokens have whole seconds: those of this second may be later than the start.
      const start = DateTime.subtract(DateTime.startOf(yield* DateTime.now, "second"), { milliseconds: 1 })
      const revocations = Revocation.Revocation
      const revocation = revocations.of({
        notBefore: now(
          (stores) => Effect.map(Context.get(stores, revocations).notBefore, (instant) => DateTime.max(instant, start)),
          Effect.succeed(start)
        ),
        revoke: (instant) =>
          now(
            (stores) => Context.get(stores, revocations).revoke(instant),
            Effect.fail(new Revocation.RevocationError({ detail }))
          )
      })

      const attempts = LoginAttempts.LoginAttempts
      return Context.make(SnapshotStore.SnapshotStore, store).pipe(
        Context.add(leaders, leadership),
        Context.add(revocations, revocation),
        Context.add(
          attempts,
          attempts.of({
            attempt: (username, address) =>
              now(
                (stores) => Context.get(stores, attempts).attempt(username, address),
                Context.get(before, attempts).attempt(username, address)
              )
          })
        )
      )
    })
  )
