/** A history for the demo, so that the page shows growth from its start. */
import type { SnapshotStore } from "@gitlab-registry-usage/core"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { DateTime, Effect, Layer } from "effect"
import * as DailySnapshots from "./DailySnapshots.ts"

/** Days of history. */
const days = 30

/** The repositories with the first tags of each, up to this share. */
const withShare = (repositories: ReadonlyArray<Images.Repository>, share: number): ReadonlyArray<Images.Repository> =>
  repositories.map((repository) => ({
    ...repository,
    tags: repository.tags.slice(0, Math.ceil(repository.tags.length * share))
  }))

/** A store with a snapshot of each day until an hour ago. Each day has more of the repositories' tags. */
export const layer = <E, R>(
  repositories: Effect.Effect<ReadonlyArray<Images.Repository>, E, R>
): Layer.Layer<SnapshotStore.SnapshotStore, E, R> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const all = yield* repositories
      return DailySnapshots.layer({
        repositories: (daysAgo) => Effect.succeed(withShare(all, 0.4 + 0.6 * (1 - daysAgo / days) ** 2)),
        now: DateTime.subtract(yield* DateTime.now, { hours: 1 }),
        first: days,
        last: 0
      })
    })
  )
