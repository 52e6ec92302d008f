import { Duration, Schema } from "effect"
import type { RegistryError, RegistryReason } from "../registry/Registry.ts"

/**
 * The crawl did not end in time. `deadline` is in milliseconds.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeadlineExceeded extends Schema.TaggedError<DeadlineExceeded>()("DeadlineExceeded", {
  deadline: Schema.Finite
}) {
  override get message(): string {
    return `the crawl did not end within ${Duration.format(Duration.millis(this.deadline))}`
  }
}

/**
 * The registry lists no repository, although it had some before: more likely lost rights or a lost disk than the truth,
 * so the last snapshot is kept. Start afresh without it to accept an empty registry.
 *
 * @category errors
 * @since 0.1.0
 */
export class CatalogEmptied extends Schema.TaggedError<CatalogEmptied>()("CatalogEmptied", { before: Schema.Int }) {
  override get message(): string {
    return `the registry lists no repository, while there were ${this.before} before: the last snapshot is kept`
  }
}

/**
 * Another replica leads: it crawls, and this one serves what it publishes.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotLeading extends Schema.TaggedError<NotLeading>()("NotLeading", { detail: Schema.String }) {
  override get message(): string {
    return `another replica crawls: ${this.detail}`
  }
}

/**
 * Why a crawl failed. The last good snapshot stays, marked as stale.
 *
 * @category errors
 * @since 0.1.0
 */
export type CollectionError = RegistryError | DeadlineExceeded | CatalogEmptied | NotLeading

/**
 * The reason by which a failed crawl is counted: the tag of the error, or of its reason where it has one.
 *
 * @category models
 * @since 0.1.0
 */
export type FailureReason =
  | RegistryReason["_tag"]
  | Exclude<CollectionError, RegistryError>["_tag"]
  | "Defect"
  | "Interrupted"

const all: Readonly<Record<FailureReason, true>> = {
  Unreachable: true,
  ServerError: true,
  Unauthorized: true,
  Denied: true,
  NotFound: true,
  RateLimited: true,
  Malformed: true,
  TooLarge: true,
  Unsupported: true,
  Unsafe: true,
  DeadlineExceeded: true,
  CatalogEmptied: true,
  NotLeading: true,
  Defect: true,
  Interrupted: true
}

/**
 * Every reason there is.
 *
 * @category constants
 * @since 0.1.0
 */
export const failureReasons = Object.keys(all) as ReadonlyArray<FailureReason>
