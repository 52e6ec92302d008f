/**
 * The time until a replica serves the snapshot that another replica publishes.
 */
import { Postgres as PostgresStore } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Leadership, Snapshot, SnapshotStore } from "@gitlab-registry-usage/core"
import { Postgres } from "@gitlab-registry-usage/test-servers"
import { Console, Context, Deferred, Effect, Layer, Redacted } from "effect"
import { count } from "../Format.ts"
import { median, timed } from "../Measurement.ts"
import * as ServerProcess from "../serve/ServerProcess.ts"
import * as TimeSeries from "../registry/TimeSeries.ts"

export interface Options {
  readonly registries: ReadonlyArray<TimeSeries.Options>
  readonly publications: number
}

/** The most milliseconds until a server serves a snapshot. */
const patience = 120_000

/** Reads the images until the server serves the snapshot of this instant. Returns the time in milliseconds. */
const servedBy = Effect.fnUntraced(function* (server: ServerProcess.ServerProcess, timestamp: number) {
  const headers = { authorization: `Bearer ${server.token}` }
  const begin = performance.now()
  while (performance.now() - begin < patience) {
    const response = yield* Effect.promise(async () => (await fetch(`${server.url}/images`, { headers })).json())
    if ((response as { readonly timestamp?: number }).timestamp === timestamp) return performance.now() - begin
    yield* Effect.sleep("2 millis")
  }
  return yield* Effect.die(new Error("a replica does not serve the published snapshot"))
})

/**
 * Medians in milliseconds: the time to save a snapshot with few changes; to load it when the one before is known
 * (`load`), and when none is (`wholeLoad`); and from the end of the save to the first response of a server that follows
 * (`served`; `slowest` is the maximum).
 */
const followed = Effect.fnUntraced(function* (options: TimeSeries.Options, publications: number) {
  const next = yield* TimeSeries.make(options)
  const first = next()
  const database = yield* Postgres.start()
  const replica = Layer.build(Layer.fresh(PostgresStore.layer({ url: Redacted.make(database.url) })))
  const storeOf = Effect.map(replica, (services) => Context.get(services, SnapshotStore.SnapshotStore))

  const services = yield* replica
  const store = Context.get(services, SnapshotStore.SnapshotStore)
  const begun = yield* Deferred.make<Leadership.Term>()
  yield* Context.get(services, Leadership.Leadership)
    .lead((term) => Effect.andThen(Deferred.succeed(begun, term), Effect.never))
    .pipe(Effect.forkScoped)
  const term = yield* Deferred.await(begun)
  yield* store.save(first, term)
  const server = yield* ServerProcess.start("replica", database.url)
  yield* servedBy(server, Snapshot.timestamp(first))
  const follower = yield* storeOf
  yield* follower.load

  const times = { save: new Array<number>(), served: new Array<number>(), load: new Array<number>() }
  for (let i = 0; i < publications; i++) {
    const snapshot = next()
    times.save.push((yield* timed(store.save(snapshot, term)))[1].wall)
    times.served.push(yield* servedBy(server, Snapshot.timestamp(snapshot)))
    times.load.push((yield* timed(follower.load))[1].wall)
  }
  const wholeLoads = yield* Effect.replicateEffect(Effect.scoped(Effect.flatMap(storeOf, ({ load }) => timed(load))), 3)
  return {
    tags: options.repositories * options.tagsPerRepository,
    changes: options.changes,
    save: median(times.save),
    load: median(times.load),
    wholeLoad: median(wholeLoads.map(([, { wall }]) => wall)),
    served: median(times.served),
    slowest: Math.max(...times.served)
  }
}, Effect.scoped)

export const measure = ({ publications, registries }: Options) =>
  Effect.forEach(registries, (registry) =>
    Effect.andThen(
      Console.log(`  following, ${count(registry.repositories * registry.tagsPerRepository)} tags`),
      followed(registry, publications)
    )
  )
