/** Crawls over HTTP, compared with a baseline. */
import { NodeCrypto, NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Crawl, type Inventory, Registry } from "@gitlab-registry-usage/core"
import { Effect, Record } from "effect"
import { HttpClient } from "effect/http"
import { inTurns, median, timed, type Took } from "../Measurement.ts"
import { replay } from "./Replay.ts"
import { type Recorded, recording } from "./Requests.ts"

export interface Options {
  readonly registry: RegistryHttp.Options
  readonly concurrency: number
  readonly previous?: Inventory.Inventory | undefined
}

/**
 * A crawl as the server does it, with a new client and its own pool of connections. Returns the inventory and the
 * requests.
 */
export const crawl = Effect.fnUntraced(
  function* (options: Options, isRecorded = true) {
    const requests: Array<Recorded> = []
    const client = yield* HttpClient.HttpClient
    const registry = yield* RegistryHttp.make(options.registry).pipe(
      Effect.provideService(HttpClient.HttpClient, isRecorded ? recording(client, requests) : client)
    )
    const inventory = yield* Crawl.crawl(options).pipe(Effect.provideService(Registry.Registry, registry))
    if (inventory.gaps.length > 0) {
      return yield* Effect.die(new Error(`the crawl has gaps: ${JSON.stringify(inventory.gaps[0])}`))
    }
    return { inventory, requests }
  },
  Effect.scoped,
  Effect.provide([NodeHttpClient.layerUndici, NodeCrypto.layerDigest])
)

/**
 * Medians of a crawl and of its baseline, and every round. `ratio` is the wall time of the crawl divided by that of the
 * baseline.
 */
export type Compared = Effect.Success<ReturnType<typeof compare>>

/** Crawls and replays the requests of the crawl in turns, after one round that warms up. */
export const compare = Effect.fnUntraced(function* (
  options: Options,
  requests: ReadonlyArray<Recorded>,
  rounds: number
) {
  const measurements = {
    crawl: timed(Effect.asVoid(crawl(options, false))),
    floor: timed(replay(options.registry.url, requests, options.concurrency))
  }
  const times = Record.map(yield* inTurns(measurements, { rounds, warmUp: 1 }), (all) => all.map(([, took]) => took))
  const medians = Record.map(times, (all): Took => ({
    wall: median(all.map(({ wall }) => wall)),
    cpu: median(all.map(({ cpu }) => cpu))
  }))
  return {
    ...medians,
    ratio: medians.crawl.wall / medians.floor.wall,
    rounds: times.crawl.map((crawl, round) => ({ crawl, floor: times.floor[round]! }))
  }
})
