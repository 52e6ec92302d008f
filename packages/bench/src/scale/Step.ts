/**
 * What is measured at one size, each in a process of its own, so that memory is that of the step alone.
 *
 * @since 0.1.0
 */
import type { Took } from "../Measurement.ts"

/**
 * `crawl`: crawls, measures and crawls again. `save`: crawls and keeps the snapshot in `path`. `load`: takes it from there.
 *
 * @category options
 * @since 0.1.0
 */
export type Step =
  | { readonly _tag: "crawl"; readonly tags: number; readonly listDigests: boolean }
  | { readonly _tag: "save"; readonly tags: number; readonly path: string }
  | { readonly _tag: "load"; readonly path: string }

/**
 * Times in milliseconds, memory in MiB as the system counts it. `idle` is the process before it began, `peak` the most
 * until the first measuring was done, `peakRefresh` until the second crawl was done as well.
 *
 * @category models
 * @since 0.1.0
 */
export interface Crawled {
  readonly crawl: Took
  readonly measure: Took
  readonly measureAgain: number
  readonly refresh: Took
  readonly idle: number
  readonly peak: number
  readonly peakRefresh: number
}

/** @category models @since 0.1.0 */
export interface Saved {
  readonly encode: Took
  readonly save: Took
  readonly fileBytes: number
}

/** @category models @since 0.1.0 */
export interface Loaded {
  readonly load: Took
  readonly decode: Took
  readonly idle: number
  readonly peak: number
}
