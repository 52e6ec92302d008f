/**
 * How soon a replica serves what another one publishes.
 *
 * @since 0.1.0
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
import * as Course from "./TimeSeries.ts"

/** @category options @since 0.1.0 */
export interface Options {
  readonly registries: ReadonlyArray<Course.Options>
  readonly publications: number
}

/**
 * Medians in milliseconds: to save a snapshot of which a little changed; to load it where the one before is known, and
 * where none is; and from the end of the save to the first answer of a server that follows (`slowest`: of all).
 *
 * @category models
 * @since 0.1.0
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

/** Asks all the time until the server tells of the snapshot of this instant. Returns how long that took. */
const servedBy = Effect.fnUntraced(function* (server: ServerProcess.ServerProcess, timestamp: number) {
  const headers = { authorization: `Bearer ${server.token}` }
  const begin = performance.now()
  while (performance.now() - begin < patience) {
    const told = yield* Effect.promise(async () => (await fetch(`${server.url}/images`, { headers })).json())
    if ((told as { readonly timestamp?: number }).timestamp === timestamp) return performance.now() - begin
    yield* Effect.sleep("2 millis")
  }
  return yield* new ServerProcess.ServeError({ detail: "a replica does not serve what was published" })
})

const followed = Effect.fnUntraced(function* (options: Course.Options, publications: number) {
  const course = Course.make(options)
  const first = course.next()
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
    const snapshot = course.next()
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

/**
 * @category measuring
 * @since 0.1.0
 */
export const measure = Effect.fnUntraced(function* ({ publications, registries }: Options) {
  const results: Array<Followed> = []
  for (const registry of registries) {
    yield* Console.log(`  following, ${count(registry.repositories * registry.tagsPerRepository)} tags`)
    results.push(yield* Effect.scoped(followed(registry, publications)))
  }
  return results
})
