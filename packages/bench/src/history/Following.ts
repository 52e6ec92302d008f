/**
 * How soon a replica serves what another one publishes.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Postgres as PostgresStore } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Leadership, Snapshot, SnapshotStore } from "@gitlab-registry-usage/core"
import { Postgres, Servers } from "@gitlab-registry-usage/test-servers"
import { Console, Context, Deferred, Effect, Layer, Redacted } from "effect"
import { count } from "../Format.ts"
import { median, timed } from "../Measurement.ts"
import * as ServerProcess from "../serve/ServerProcess.ts"
import * as TimeSeries from "../registry/TimeSeries.ts"

export interface Options {
  readonly registries: ReadonlyArray<TimeSeries.Options>
  readonly publications: number
}

/**
 * Medians in milliseconds: to save a snapshot of which a little changed; to load it where the one before is known, and
 * where none is; and from the end of the save to the first answer of a server that follows (`slowest`: of all).
 */
export interface Followed {
  readonly tags: number
  readonly changes: number
  readonly save: number
  readonly load: number
  readonly wholeLoad: number
  readonly served: number
  readonly slowest: number
}

/** How long a server may take to serve a first snapshot (milliseconds). */
const patience = 120_000

/** Reads the images until the server serves the snapshot of this instant. Returns the milliseconds that it took. */
const servedBy = Effect.fnUntraced(function* (server: ServerProcess.ServerProcess, timestamp: number) {
  const headers = { authorization: `Bearer ${server.token}` }
  const begin = performance.now()
  while (performance.now() - begin < patience) {
    const response = yield* Effect.promise(async () => (await fetch(`${server.url}/images`, { headers })).json())
    if ((response as { readonly timestamp?: number }).timestamp === timestamp) return performance.now() - begin
    yield* Effect.sleep("2 millis")
  }
  return yield* new ServerProcess.ServeError({ detail: "a replica does not serve what was published" })
})

const followed = Effect.fnUntraced(function* (options: TimeSeries.Options, publications: number) {
  const series = TimeSeries.make(options)
  const first = series.next()
  const database = yield* Postgres.start()
  const file = Path.join(yield* Servers.temporaryDirectory, "database")
  yield* Effect.promise(() => Fs.writeFile(file, database.url, { mode: 0o600 }))
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
  const server = yield* ServerProcess.start("replica", file)
  yield* servedBy(server, Snapshot.timestamp(first))
  const follower = yield* storeOf
  yield* follower.load

  const times = { save: new Array<number>(), served: new Array<number>(), load: new Array<number>() }
  for (let i = 0; i < publications; i++) {
    const snapshot = series.next()
    times.save.push((yield* timed(store.save(snapshot, term)))[1].wall)
    times.served.push(yield* servedBy(server, Snapshot.timestamp(snapshot)))
    times.load.push((yield* timed(follower.load))[1].wall)
  }
  const wholeLoads: Array<number> = []
  for (let i = 0; i < 3; i++) {
    wholeLoads.push(
      yield* Effect.scoped(Effect.flatMap(storeOf, ({ load }) => timed(load))).pipe(Effect.map(([, { wall }]) => wall))
    )
  }
  const result: Followed = {
    tags: options.repositories * options.tagsPerRepository,
    changes: options.changes,
    save: median(times.save),
    load: median(times.load),
    wholeLoad: median(wholeLoads),
    served: median(times.served),
    slowest: Math.max(...times.served)
  }
  return result
})

export const measure = Effect.fnUntraced(function* ({ publications, registries }: Options) {
  const results: Array<Followed> = []
  for (const registry of registries) {
    yield* Console.log(`  following, ${count(registry.repositories * registry.tagsPerRepository)} tags`)
    results.push(yield* Effect.scoped(followed(registry, publications)))
  }
  return results
})
