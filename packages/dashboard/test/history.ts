/** A registry with a history of sixty days: one image grows each day, one cannot be read for a while, one comes, one goes. */
import { Registry } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DailySnapshots } from "@gitlab-registry-usage/demo"
import { type DateTime, Effect } from "effect"

/** The number of days before today that have a snapshot. */
export const days = 60

const imageOf = (seed: string, size: number, base?: Images.Blob) =>
  Effect.flatMap(Images.layer(seed, size), (layer) =>
    Images.image({ layers: base === undefined ? [layer] : [base, layer] })
  )

/** The repositories of a day. */
export const repositories = Effect.fnUntraced(function* (daysAgo: number) {
  const base = yield* Images.layer("base", 60_000)
  const builds = yield* Effect.forEach(
    Array.from({ length: days + 1 - daysAgo }, (_, day) => day),
    Effect.fnUntraced(function* (day) {
      return [`build-${day}`, yield* imageOf(`build ${day}`, 4000 + ((day * 7919) % 3000), base)] as const
    })
  )
  const vault = yield* imageOf("vault", 30_000)
  const isDenied = daysAgo >= 8 && daysAgo <= 12
  return [
    Images.repository("acme/shop/api", Object.fromEntries(builds)),
    Images.repository("acme/shop/web", { latest: yield* imageOf(`web ${Math.floor(daysAgo / 20)}`, 90_000, base) }),
    Images.repository(
      "acme/vault/secrets",
      { "1.0": vault },
      isDenied ? new Registry.Denied({ detail: "denied" }) : undefined
    ),
    ...(daysAgo > 5 ? [Images.repository("acme/old/legacy", { "0.9": yield* imageOf("legacy", 80_000) })] : []),
    ...(daysAgo <= 3 ? [Images.repository("library/tools/scanner", { "2.1": yield* imageOf("scanner", 50_000) })] : []),
    Images.repository("library/base/debian", { "12": yield* imageOf("debian", 120_000) })
  ]
})

/** A store with the snapshots of the last days before `now`. */
export const store = (now: DateTime.Utc, kept = days) => DailySnapshots.layer({ repositories, now, first: kept })
