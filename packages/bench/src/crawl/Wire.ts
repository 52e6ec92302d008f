/**
 * Crawls over HTTP beside their floor.
 */
import { NodeCrypto, NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Crawl, type Inventory, Registry } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { inTurns, median, timed, type Took } from "../Measurement.ts"
import { replay } from "./Replay.ts"
import { type Recorded, recording } from "./Requests.ts"

export interface Options {
  readonly registry: RegistryHttp.Options
  readonly concurrency: number
  readonly previous?: Inventory.Inventory | undefined
}

/** A crawl as the server does it: a new client with a pool of its own, closed afterwards. */
const crawl = (options: Options, record?: Array<Recorded>) =>
  Effect.gen(function* () {
    const client = record === undefined ? yield* HttpClient.HttpClient : yield* recording(record)
    const registry = yield* RegistryHttp.make(options.registry).pipe(
      Effect.provideService(HttpClient.HttpClient, client)
    )
    const inventory = yield* Crawl.crawl(options).pipe(Effect.provideService(Registry.Registry, registry))
    if (inventory.gaps.length > 0) {
      return yield* Effect.die(new Error(`the crawl has gaps: ${JSON.stringify(inventory.gaps[0])}`))
    }
    return inventory
  }).pipe(Effect.scoped, Effect.provide([NodeHttpClient.layerUndici, NodeCrypto.layerDigest]))

/**
 * A crawl with the list of what it asked for.
 */
export const recorded = Effect.fnUntraced(function* (options: Options) {
  const requests: Array<Recorded> = []
  return { inventory: yield* crawl(options, requests), requests }
})

/**
 * A crawl and its floor, some times each: `ratio` is the median of the wall times of the one over that of the other.
 */
export interface Compared {
  readonly crawl: Took
  readonly floor: Took
  readonly ratio: number
  readonly rounds: ReadonlyArray<{ readonly crawl: Took; readonly floor: Took }>
}

const medians = (took: ReadonlyArray<Took>): Took => ({
  wall: median(took.map(({ wall }) => wall)),
  cpu: median(took.map(({ cpu }) => cpu))
})

/** Crawls and replays the requests of the crawl in turns, after one round that warms up. */
export const compared = Effect.fnUntraced(function* (
  options: Options,
  requests: ReadonlyArray<Recorded>,
  rounds: number
) {
  const measurements = {
    crawl: timed(Effect.asVoid(crawl(options))),
    floor: timed(replay(options.registry.url, requests, options.concurrency))
  }
  const taken = yield* inTurns(measurements, { rounds, warmUp: 1 })
  const crawls = taken.map(({ crawl: [, took] }) => took)
  const floors = taken.map(({ floor: [, took] }) => took)
  const [crawlTook, floorTook] = [medians(crawls), medians(floors)]
  return {
    crawl: crawlTook,
    floor: floorTook,
    ratio: crawlTook.wall / floorTook.wall,
    rounds: crawls.map((crawl, round) => ({ crawl, floor: floors[round]! }))
  } satisfies Compared
})
