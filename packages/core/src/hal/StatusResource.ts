/**
 * The status of the collector as a HAL resource.
 *
 * @since 0.1.0
 */
import { Option, Record, String } from "effect"
import { type Inventory, sizeCoverage } from "../inventory/Inventory.ts"
import type { Status } from "../snapshot/Collector.ts"
import { type Progress, remaining } from "../inventory/Crawl.ts"
import * as Hal from "./Hal.ts"
import { seconds } from "./HistoryResources.ts"
import { type Snapshot, timestamp } from "../snapshot/Snapshot.ts"

/** Gaps that are listed one by one. */
const maximumGaps = 1000

const progressState = (progress: Progress): Hal.Json => {
  const left = remaining(progress)
  return {
    ...Record.mapKeys({ ...progress }, String.camelToSnake),
    ...(left === undefined ? {} : { remaining: Math.round(left) })
  }
}

const coverages = new WeakMap<Inventory, Hal.Json>()

/** Counted once: there may be millions. */
const coverageOf = (inventory: Inventory): Hal.Json => {
  const known = coverages.get(inventory)
  if (known !== undefined) return known
  const coverage: Hal.Json = { ...sizeCoverage(inventory) }
  coverages.set(inventory, coverage)
  return coverage
}

/**
 * How much the disk of the registry holds (bytes), and the unit in which a person wrote it, such as `TB`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Capacity {
  readonly bytes: number
  readonly unit: string | undefined
}

/**
 * The status of the collector and of the snapshot that is served (`null` before there is one): instants in seconds since
 * 1970; `duration`, `elapsed` and `remaining` in milliseconds. `gaps` lists the first thousand of the `gaps_total` things
 * that could not be read. `save_error` says why the snapshot could not be saved, `leadership` whether this server is
 * `leading`, `following` another one, or no leader is known (`vacant`), and `leadership_error` why. `sizes` says of how many
 * of the `blobs` the size was `measured`, rather than only stated by manifests. `capacity` is in bytes, and `null` where it
 * is not known.
 *
 * @category resources
 * @since 0.1.0
 */
export const status = (
  root: string,
  current: Option.Option<Snapshot>,
  status: Status,
  capacity?: Capacity
): Hal.Resource => {
  const snapshot = Option.getOrUndefined(current)
  const gaps = snapshot?.usage.inventory.gaps ?? []
  const { progress } = status
  return Hal.make({
    state: {
      crawling: status.crawling,
      stale: snapshot?.stale ?? null,
      timestamp: snapshot === undefined ? null : timestamp(snapshot),
      duration: snapshot?.duration ?? null,
      last_attempt: seconds(status.lastAttempt),
      last_success: seconds(status.lastSuccess),
      last_error: status.lastError ?? null,
      attempts: { ...status.attempts },
      save_error: status.saveError ?? null,
      leadership: status.leadership,
      leadership_error: status.leadershipError ?? null,
      progress: progress === undefined || !status.crawling ? undefined : progressState(progress),
      sizes: snapshot === undefined ? null : coverageOf(snapshot.usage.inventory),
      capacity: capacity?.bytes ?? null,
      capacity_unit: capacity?.unit ?? null,
      gaps_total: gaps.length,
      gaps: gaps.slice(0, maximumGaps).map((gap): Hal.Json => ({ ...gap }))
    },
    links: () => ({ self: `${root}/status`, up: `${root}/` })
  })
}
