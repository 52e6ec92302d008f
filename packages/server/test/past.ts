/** A registry with a past: forty days of it, in which one image grows each day, one comes and one goes. */
import { Images } from "@gitlab-registry-usage/core/testing"
import { DailySnapshots } from "@gitlab-registry-usage/demo"
import { DateTime, Duration, Effect } from "effect"

const days = 40

/** So much the growing image takes more each day (bytes). */
export const daily = 1000

/** The repositories so many days ago. */
export const repositories = Effect.fnUntraced(function* (daysAgo: number) {
  const layers = yield* Effect.forEach(
    Array.from({ length: days - daysAgo }, (_, day) => day),
    (day) => Images.layer(`day ${day}`, daily)
  )
  const base = yield* Images.image({ layers: [yield* Images.layer("base", 5000)] })
  const app = yield* Images.image({ layers, config: { os: "linux" } })
  const other = yield* Images.image({ layers: [yield* Images.layer("other", 700)] })
  return [
    Images.repository("group/app", { latest: app }),
    ...(daysAgo > 5 ? [Images.repository("old/gone", { "1.0": other })] : []),
    ...(daysAgo <= 3 ? [Images.repository("group/sub/new", { latest: other, second: other })] : []),
    Images.repository("foo", { history: base }),
    Images.repository("foo/history", { latest: base })
  ]
})

/** When the snapshots before the present one were taken: one a day. */
export const taken = (now: DateTime.Utc): ReadonlyArray<DateTime.Utc> =>
  Array.from({ length: days }, (_, i) => DateTime.subtractDuration(now, Duration.days(days - i)))

/** A store that has the forty days before `now`. */
export const store = (now: DateTime.Utc) => DailySnapshots.layer({ repositories, now, first: days })
