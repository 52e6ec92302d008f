/**
 * How collecting goes, as a HAL resource.
 *
 * @since 0.1.0
 */
import { DateTime, Option } from "effect"
import type { Status } from "../snapshot/Collector.ts"
import { remaining } from "../inventory/Crawl.ts"
import type { Json, Resource } from "./Hal.ts"
import { type Snapshot, timestamp } from "../snapshot/Snapshot.ts"

/** How many gaps are told one by one. */
const maximumGaps = 1000

const seconds = (instant: DateTime.Utc | undefined): number | null =>
  instant === undefined ? null : DateTime.toEpochMillis(instant) / 1000

/**
 * The state of the collector, and what is known of the snapshot that is served (`null` before there is one): instants in
 * seconds since 1970, `duration`, `elapsed` and `remaining` in milliseconds. `gaps` are the first thousand of `gaps_total` things that could not be
 * read.
 *
 * @category resources
 * @since 0.1.0
 */
export const status = (root: string, current: Option.Option<Snapshot>, status: Status): Resource => {
  const snapshot = Option.getOrUndefined(current)
  const gaps = snapshot?.usage.inventory.gaps ?? []
  const { progress } = status
  const left = progress === undefined ? undefined : remaining(progress)
  return {
    state: {
      crawling: status.crawling,
      stale: snapshot?.stale ?? null,
      timestamp: snapshot === undefined ? null : timestamp(snapshot),
      duration: snapshot?.duration ?? null,
      last_attempt: seconds(status.lastAttempt),
      last_success: seconds(status.lastSuccess),
      last_error: status.lastError ?? null,
      attempts: { ...status.attempts },
      ...(progress === undefined || !status.crawling
        ? {}
        : {
            progress: {
              repositories_found: progress.repositoriesFound,
              repositories_done: progress.repositoriesDone,
              tags_found: progress.tagsFound,
              tags_done: progress.tagsDone,
              manifests: progress.manifests,
              bytes: progress.bytes,
              gaps: progress.gaps,
              requests: progress.requests,
              elapsed: progress.elapsed,
              ...(left === undefined ? {} : { remaining: Math.round(left) })
            }
          }),
      gaps_total: gaps.length,
      gaps: gaps.slice(0, maximumGaps).map((gap): Json => ({ ...gap }))
    },
    links: () => ({ self: { href: `${root}/status` }, up: { href: `${root}/` } }),
    embedded: {}
  }
}
