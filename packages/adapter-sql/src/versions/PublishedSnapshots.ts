import type { SnapshotStore } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Option, Stream } from "effect"
import type { SqlError } from "effect/sql"
import type { Database } from "../database/Database.ts"

/** The newest snapshot, or undefined where there is none. */
export type Latest = { readonly id: number; readonly taken_at: number; readonly stale: number } | undefined

/** How often the database is polled, in case a notification is lost. */
const interval = "500 millis"

/**
 * Emits the newest snapshot whenever it differs from the previous one; the first comparison is with the snapshot that
 * was loaded last. It also polls, because notifications are lost with the connection.
 */
export const published = (
  database: Database["Service"],
  newest: Effect.Effect<Latest, SqlError.SqlError>,
  loaded: Effect.Effect<Option.Option<Latest>>
): Stream.Stream<SnapshotStore.Published> =>
  Stream.unwrap(
    Effect.map(loaded, (loaded) =>
      Stream.merge(
        Stream.tick(interval),
        Stream.filter(database.notifications, (message) => message === "published")
      ).pipe(
        Stream.mapEffect(() => Effect.option(newest)),
        Stream.mapAccum(
          () => loaded,
          (before: Option.Option<Latest>, found: Option.Option<Latest>) => {
            if (Option.isNone(found)) return [before, []] as const
            const [was, now] = [Option.getOrUndefined(before), found.value]
            const isNew = Option.isSome(before) && (was?.id !== now?.id || was?.stale !== now?.stale)
            return [found, isNew && now !== undefined ? [now] : []] as const
          }
        ),
        Stream.map(({ stale, taken_at }) => ({ takenAt: DateTime.makeUnsafe(Number(taken_at)), stale: stale !== 0 }))
      )
    )
  )
