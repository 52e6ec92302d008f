/**
 * The step that crawls, measures and crawls again. It loads nothing that the others need, so that memory is its own.
 */
import { Crawl, type Inventory, Registry, Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { median, peakResident, timed } from "../Measurement.ts"
import * as GeneratedRegistry from "../registry/GeneratedRegistry.ts"

/**
 * Crawls the generated registry of so many tags.
 */
export const crawlOf = (tags: number, listDigests: boolean, previous?: Inventory.Inventory) =>
  Crawl.crawl({ previous }).pipe(
    Effect.provideService(Registry.Registry, GeneratedRegistry.make(GeneratedRegistry.sized(tags, listDigests)))
  )

/**
 * Crawls, measures and crawls again. `idle` is the memory of the process before, `peak` the most until the first
 * measuring was done, `peakRefresh` the most until the second crawl was done as well.
 */
export const crawl = Effect.fnUntraced(function* (tags: number, listDigests: boolean) {
  const idle = peakResident()
  const [inventory, crawl] = yield* timed(crawlOf(tags, listDigests))
  const [, measure] = yield* timed(Effect.sync(() => Usage.measure(inventory)))
  const peak = peakResident()
  const again = yield* Effect.replicateEffect(timed(Effect.sync(() => Usage.measure(inventory))), 4)
  const [, refresh] = yield* timed(crawlOf(tags, listDigests, inventory))
  const measureAgain = median(again.map(([, { wall }]) => wall))
  return { crawl, measure, measureAgain, refresh, idle, peak, peakRefresh: peakResident() }
})
