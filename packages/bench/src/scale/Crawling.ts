/**
 * The step that crawls, measures and crawls again. It loads nothing that only other steps need, so that memory is its own.
 */
import { Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { median, peakResident, timed } from "../Measurement.ts"
import * as GeneratedRegistry from "../registry/GeneratedRegistry.ts"

/**
 * The registry of each size: a repository for 50 tags, a manifest for 5 tags, a base image for 200 manifests.
 */
export const sized = (tags: number): GeneratedRegistry.Options => ({
  repositories: Math.ceil(tags / 50),
  tagsPerRepository: 50,
  manifests: Math.ceil(tags / 5),
  manifestsPerBase: 200,
  layersPerManifest: 10
})

/**
 * Crawls, measures and crawls again. `idle` is the resident memory before the crawl, `peak` the maximum until the end of
 * the first measurement, `peakRefresh` the maximum until the end of the second crawl.
 */
export const crawl = Effect.fnUntraced(function* (tags: number, listDigests: boolean) {
  const idle = peakResident()
  const [inventory, crawl] = yield* timed(GeneratedRegistry.crawl(sized(tags), listDigests))
  const [, measure] = yield* timed(Effect.sync(() => Usage.measure(inventory)))
  const peak = peakResident()
  const again = yield* Effect.replicateEffect(timed(Effect.sync(() => Usage.measure(inventory))), 4)
  const [, refresh] = yield* timed(GeneratedRegistry.crawl(sized(tags), listDigests, inventory))
  const measureAgain = median(again.map(([, { wall }]) => wall))
  return { crawl, measure, measureAgain, refresh, idle, peak, peakRefresh: peakResident() }
})
